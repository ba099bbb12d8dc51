// `tally api`.

#ifndef TALLYMAN_TALLY_COMMANDS_API_COMMAND_H_
#define TALLYMAN_TALLY_COMMANDS_API_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ApiCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_API_COMMAND_H_
