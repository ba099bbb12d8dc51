// `tally actions`.

#ifndef TALLYMAN_TALLY_COMMANDS_ACTIONS_LIST_H_
#define TALLYMAN_TALLY_COMMANDS_ACTIONS_LIST_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ActionsCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_ACTIONS_LIST_H_
