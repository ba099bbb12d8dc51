// `tally logs`.

#ifndef TALLYMAN_TALLY_LOGS_LOGS_COMMAND_H_
#define TALLYMAN_TALLY_LOGS_LOGS_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec LogsCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_LOGS_LOGS_COMMAND_H_
