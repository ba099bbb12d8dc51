// `tally events`.

#ifndef TALLYMAN_TALLY_EVENTS_EVENTS_COMMAND_H_
#define TALLYMAN_TALLY_EVENTS_EVENTS_COMMAND_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec EventsCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_EVENTS_EVENTS_COMMAND_H_
