// What the server cannot do for want of rights.

#ifndef TALLYMAN_SERVER_SYSTEM_RIGHTS_H_
#define TALLYMAN_SERVER_SYSTEM_RIGHTS_H_

#include <string>
#include <vector>

namespace tallyman::server {

// What this process may not do and root might, each as a phrase with the right
// that is missing: "io counters and details of processes of other users
// (CAP_SYS_PTRACE)". Read from the files self/status (proc_pid_status(5)) and
// self/mountinfo (proc_pid_mountinfo(5)) below `proc_root`, not from the user
// id. A file that cannot be read is skipped. Empty on systems other than Linux.
std::vector<std::string> MissingRights(const std::string& proc_root);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_SYSTEM_RIGHTS_H_
