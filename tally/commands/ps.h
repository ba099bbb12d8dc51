// `tally ps`.

#ifndef TALLYMAN_TALLY_COMMANDS_PS_H_
#define TALLYMAN_TALLY_COMMANDS_PS_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec PsCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PS_H_
