// `tally processes pause`, `resume`, `restart` and `signal`.

#ifndef TALLYMAN_TALLY_COMMANDS_PROCESSES_ACT_H_
#define TALLYMAN_TALLY_COMMANDS_PROCESSES_ACT_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ProcessesPauseCommand();
CommandSpec ProcessesResumeCommand();
CommandSpec ProcessesRestartCommand();
CommandSpec ProcessesSignalCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_PROCESSES_ACT_H_
