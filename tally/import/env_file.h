// Files of variables: `.env` of Compose and foreman, EnvironmentFile= of
// systemd.

#ifndef TALLYMAN_TALLY_IMPORT_ENV_FILE_H_
#define TALLYMAN_TALLY_IMPORT_ENV_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {

struct EnvLine {
  int line = 0;
  std::string name;
  std::string value;
};

// The lines NAME=value, also with `export` before them. Skips blank lines and
// lines that begin with '#' or ';'. '...' is literal; "..." has the escapes
// \n, \t, \", \\ and \$, and may go on over several lines. Without quotation
// marks a value ends at " #", if `has_comments`. Other lines get a note.
std::vector<EnvLine> ParseEnvFile(const ImportFile& file, bool has_comments,
                                  Notes& notes);

// Whether the name is that of such a file: ".env", ".env.local", "web.env".
bool IsEnvFile(std::string_view name);

// The file whose path is `path` or ends with its last part; null if none.
const ImportFile* FindFile(absl::Span<const ImportFile> files,
                           std::string_view path);

// Sets all variables of `file`.
void SetVariables(const ImportFile& file, bool has_comments,
                  ProcessDraft& process, Notes& notes);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_ENV_FILE_H_
