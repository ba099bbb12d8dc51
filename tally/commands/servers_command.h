// `tally servers`.

#ifndef TALLYMAN_TALLY_COMMANDS_SERVERS_COMMAND_H_
#define TALLYMAN_TALLY_COMMANDS_SERVERS_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec ServersCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_SERVERS_COMMAND_H_
