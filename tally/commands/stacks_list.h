// `tally stacks list`.

#ifndef TALLYMAN_TALLY_COMMANDS_STACKS_LIST_H_
#define TALLYMAN_TALLY_COMMANDS_STACKS_LIST_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec StacksListCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_STACKS_LIST_H_
