// `tally login`.

#ifndef TALLYMAN_TALLY_COMMANDS_LOGIN_H_
#define TALLYMAN_TALLY_COMMANDS_LOGIN_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec LoginCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_LOGIN_H_
