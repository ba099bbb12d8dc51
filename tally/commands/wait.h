// `tally wait`.

#ifndef TALLYMAN_TALLY_COMMANDS_WAIT_H_
#define TALLYMAN_TALLY_COMMANDS_WAIT_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec WaitCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_WAIT_H_
