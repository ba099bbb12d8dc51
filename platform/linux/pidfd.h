// pidfds (pidfd_open(2)): descriptors that refer to one process, also after
// another process has got its pid.

#ifndef TALLYMAN_PLATFORM_LINUX_PIDFD_H_
#define TALLYMAN_PLATFORM_LINUX_PIDFD_H_

#include <cstdint>

#include "platform/base/unique_fd.h"
#include "platform/linux/proc_text.h"

namespace tallyman::platform {

// All functions return 0 or an errno, and are thread-safe.

// The pidfd of a process, and its /proc/PID/stat: certainly of that process.
struct OpenedProcess {
  base::UniqueFd fd;
  StatText stat;
};

// Opens the process that has `pid` now; it may be a zombie. ESRCH if there is
// none, if the pid is that of a thread other than a process's first, or if the
// process goes meanwhile; EACCES if it exists but /proc hides it.
int OpenProcess(int32_t pid, OpenedProcess& process);

// Reads /proc/PID/stat. ESRCH if there is no such process.
int ReadProcessStat(int32_t pid, StatText& stat);

// pidfd_send_signal(2).
int SignalPidfd(int fd, int signal);

// Sends `signal` to the process group that the process leads or has led. EINVAL
// before Linux 6.9.
int SignalPidfdGroup(int fd, int signal);

// Does the same before Linux 6.9: signals each member that /proc lists. `fd`
// and `start_ticks` are those of the leader, whose pid is `group`. Repeats the
// search a few times for members that are forked meanwhile. Once the leader is
// reaped and the group is empty, another process can get the leader's pid; this
// function then sends nothing, unless that process has ended too and left
// members in its own group.
int SignalGroupMembers(int32_t group, int64_t start_ticks, int fd, int signal);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PIDFD_H_
