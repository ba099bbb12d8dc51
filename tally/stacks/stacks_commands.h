// `tally stacks create`, `show` and `delete`.

#ifndef TALLYMAN_TALLY_STACKS_STACKS_COMMANDS_H_
#define TALLYMAN_TALLY_STACKS_STACKS_COMMANDS_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec StacksCreateCommand();
CommandSpec StacksShowCommand();
CommandSpec StacksDeleteCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_STACKS_STACKS_COMMANDS_H_
