// `tally clients` and its commands.

#ifndef TALLYMAN_TALLY_ACCESS_CLIENTS_COMMANDS_H_
#define TALLYMAN_TALLY_ACCESS_CLIENTS_COMMANDS_H_

#include <vector>

#include "tally/cli/command.h"

namespace tallyman::tally {

std::vector<CommandSpec> ClientsCommands();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACCESS_CLIENTS_COMMANDS_H_
