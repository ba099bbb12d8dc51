// `tally doctor`.

#ifndef TALLYMAN_TALLY_COMMANDS_DOCTOR_H_
#define TALLYMAN_TALLY_COMMANDS_DOCTOR_H_

#include "tally/cli/command.h"

namespace tallyman::tally {

CommandSpec DoctorCommand();

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_COMMANDS_DOCTOR_H_
