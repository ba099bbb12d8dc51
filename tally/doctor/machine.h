// Reads what the doctor needs of this machine (Linux).
//
// Sources: proc(5), cgroups(7), adjtimex(2), systemctl(1).

#ifndef TALLYMAN_TALLY_DOCTOR_MACHINE_H_
#define TALLYMAN_TALLY_DOCTOR_MACHINE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "tally/doctor/facts.h"

namespace tallyman::tally {

// Reads all of `facts` but `server`, `not_local` and the configuration.
// `data_dir`: that of the server; "" if it is not known. Does not ask whether
// listening sockets answer clear text.
void ReadMachine(const std::string& data_dir, Facts& facts);

// The process that holds the lock of a data directory. NotFound if none does,
// PermissionDenied if the directory is not readable.
absl::StatusOr<pid_t> FindServerProcess(const std::string& data_dir);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_DOCTOR_MACHINE_H_
