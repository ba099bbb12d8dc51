// `tally contexts list`, `tally contexts use` and `tally logout`.

#ifndef TALLYMAN_TALLY_COMMANDS_CONTEXTS_H_
#define TALLYMAN_TALLY_COMMANDS_CONTEXTS_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ContextsListCommand();
CommandSpec ContextsUseCommand();
CommandSpec LogoutCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_CONTEXTS_H_
