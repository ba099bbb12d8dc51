// `tally processes scale`, also `tally scale`.

#ifndef TALLYMAN_TALLY_COMMANDS_PROCESSES_SCALE_H_
#define TALLYMAN_TALLY_COMMANDS_PROCESSES_SCALE_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ProcessesScaleCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PROCESSES_SCALE_H_
