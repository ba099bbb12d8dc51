// `tally import`.

#ifndef TALLYMAN_TALLY_COMMANDS_IMPORT_COMMAND_H_
#define TALLYMAN_TALLY_COMMANDS_IMPORT_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ImportCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_IMPORT_COMMAND_H_
