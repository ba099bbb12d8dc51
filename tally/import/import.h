// Makes definitions of stacks from the files of other supervisors.
//
//   absl::StatusOr<ImportFormat> format = GuessFormat(files[0]);
//   absl::StatusOr<ImportResult> result = Import(*format, files, {});
//   std::cout << result->definition.dump(2) << "\n";
//   for (const ImportNote& note : result->notes) {
//     std::cerr << FormatNote(note) << "\n";
//   }
//
// docs/tally-import.md has the table of what is carried over.
//
// Example: tally/import/import_example_test.cc

#ifndef TALLYMAN_TALLY_IMPORT_IMPORT_H_
#define TALLYMAN_TALLY_IMPORT_IMPORT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tally/import/types.h"  // IWYU pragma: export

namespace tallyman::tally {

inline constexpr size_t kMaxImportBytes = size_t{4} << 20;  // of all files

// "supervisord", "compose", "pm2", "systemd" or "procfile".
std::string_view FormatName(ImportFormat format);
std::optional<ImportFormat> ParseFormatName(std::string_view name);

// The format by the file's name, else by its text. InvalidArgument if neither
// tells, and for JavaScript (`ecosystem.config.js`), with advice.
absl::StatusOr<ImportFormat> GuessFormat(const ImportFile& file);

// Reads `files`, which are of one stack, and nothing else: neither other files
// nor the environment. Each line that is not in the definition, or only by
// something similar, gets a note; comments get none. A line that other lines
// override by the rules of the format gets none either, except in supervisord's
// files, where that is likely a mistake.
//
// Which files are taken:
//   supervisord  one or more; further ones as [include] has them
//   compose      one
//   PM2          one, JSON or YAML; also the dump.pm2 of `pm2 save`
//   systemd      .service, .target and NAME.service.d/*.conf
//   Procfile     one
// and with compose, systemd and Procfile also files of variables, such as .env,
// for `env_file` and `EnvironmentFile=`, which are found by their names.
//
// InvalidArgument, with file and line, for a text that is not of the format,
// and if no process can be carried over. Thread-safe.
absl::StatusOr<ImportResult> Import(ImportFormat format,
                                    absl::Span<const ImportFile> files,
                                    const ImportOptions& options);

// "compose.yaml:12: services.web.ports: not carried over: programs open ..."
std::string FormatNote(const ImportNote& note);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_IMPORT_H_
