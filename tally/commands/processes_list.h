// `tally processes list`.

#ifndef TALLYMAN_TALLY_COMMANDS_PROCESSES_LIST_H_
#define TALLYMAN_TALLY_COMMANDS_PROCESSES_LIST_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ProcessesListCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PROCESSES_LIST_H_
