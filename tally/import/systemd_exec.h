// ExecStart= of units as a command for sh: systemd.service(5), "Command lines".

#ifndef TALLYMAN_TALLY_IMPORT_SYSTEMD_EXEC_H_
#define TALLYMAN_TALLY_IMPORT_SYSTEMD_EXEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tally/import/draft.h"
#include "tally/import/systemd_specifier.h"

namespace tallyman::tally {

// The command that runs the program as systemd would: specifiers are replaced,
// ${NAME} and $NAME stay for sh, which sees the same variables. Prefixes of the
// program get a note. InvalidArgument if the value has no such command.
absl::StatusOr<std::string> ExecCommand(const Origin& origin,
                                        std::string_view value,
                                        const UnitName& unit,
                                        const std::string& instance_script,
                                        Notes& notes);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_SYSTEMD_EXEC_H_
