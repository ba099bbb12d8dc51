// The text of a supervisord.conf: sections with keys.

#ifndef TALLYMAN_TALLY_IMPORT_SUPERVISORD_FILE_H_
#define TALLYMAN_TALLY_IMPORT_SUPERVISORD_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tally/import/draft.h"
#include "tally/import/types.h"

namespace tallyman::tally {

struct IniEntry {
  Origin origin;      // Its key is in lower case, as supervisord reads it.
  std::string value;  // Continued lines are joined by newlines.
};

struct IniSection {
  Origin origin;     // Of its first header; the key is the name.
  std::string name;  // "program:web"
  std::vector<IniEntry> entries;

  // Null if there is none.
  const IniEntry* Find(std::string_view key) const;
};

// Adds the sections of `file` to `sections`, by the rules of Python's
// configparser as supervisord sets it up: a key ends at '=' or ':', an indented
// line continues the value, '#' and ';' begin comments, also behind a space,
// and of the same key in one section the last one holds (the others get a
// note). InvalidArgument for a line that is none of these.
absl::Status ReadSections(const ImportFile& file, Notes& notes,
                          std::vector<IniSection>& sections);

// Reads `environment=`: NAME="value",NAME=value. `line` is that of the first.
// Parts that are not NAME=value get a note.
struct IniVariable {
  int line = 0;
  std::string name;
  std::string value;
};
std::vector<IniVariable> ParseEnvironment(const Origin& origin,
                                          std::string_view text, Notes& notes);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SUPERVISORD_FILE_H_
