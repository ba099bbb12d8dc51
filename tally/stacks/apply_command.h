// `tally stacks apply` and `tally stacks diff`.

#ifndef TALLYMAN_TALLY_STACKS_APPLY_COMMAND_H_
#define TALLYMAN_TALLY_STACKS_APPLY_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec StacksApplyCommand();
CommandSpec StacksDiffCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_STACKS_APPLY_COMMAND_H_
