// All commands of tally, in the order of the help.

#ifndef TALLYMAN_TALLY_COMMANDS_TABLE_H_
#define TALLYMAN_TALLY_COMMANDS_TABLE_H_

#include <vector>

#include "tally/cli/command.h"

namespace tallyman::tally {

// Made at the first call. Thread-safe.
const std::vector<CommandSpec>& CommandTable();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_TABLE_H_
