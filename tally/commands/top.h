// tally top: processes and stacks on the whole terminal.

#ifndef TALLYMAN_TALLY_COMMANDS_TOP_H_
#define TALLYMAN_TALLY_COMMANDS_TOP_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec TopCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_TOP_H_
