// Descriptors of processes (pidfd_open(2)). Unlike a pid, such a descriptor
// never comes to mean another process.

#ifndef TALLYMAN_TOOLS_HARNESS_PIDFD_H_
#define TALLYMAN_TOOLS_HARNESS_PIDFD_H_

#include <sys/types.h>

#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::harness {

// Invalid, with errno set, if there is no such process.
base::UniqueFd OpenPidfd(pid_t pid);

// False if the process is gone.
bool SignalPidfd(const base::UniqueFd& process, int signal);

// Waits until `fd` is readable, as a pidfd is once its process has ended. False
// if it is not readable after `timeout`, which may be infinite.
bool AwaitReadable(const base::UniqueFd& fd, absl::Duration timeout);

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_PIDFD_H_
