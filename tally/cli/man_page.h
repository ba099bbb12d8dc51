// tally(1), the manual page, made from the table of commands as the help is.

#ifndef TALLYMAN_TALLY_CLI_MAN_PAGE_H_
#define TALLYMAN_TALLY_CLI_MAN_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tally/cli/command.h"

namespace tallyman::tally {

// In the macros of man(7). `date` is that of the release: "2026-11-30".
std::string ManPage(const std::vector<CommandSpec>& table,
                    std::string_view version, std::string_view date);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_MAN_PAGE_H_
