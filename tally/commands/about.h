// Commands about tally itself: `tally help`, `tally completion`, and the hidden
// `tally __man`.

#ifndef TALLYMAN_TALLY_COMMANDS_ABOUT_H_
#define TALLYMAN_TALLY_COMMANDS_ABOUT_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec HelpCommand();
CommandSpec CompletionCommand();
CommandSpec ManCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_ABOUT_H_
