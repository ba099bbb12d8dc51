// `tally status`.

#ifndef TALLYMAN_TALLY_COMMANDS_STATUS_COMMAND_H_
#define TALLYMAN_TALLY_COMMANDS_STATUS_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec StatusCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_STATUS_COMMAND_H_
