// pidfds (pidfd_open(2)): descriptors that stay with one process, whatever
// becomes of its pid.

#ifndef TALLYMAN_PLATFORM_LINUX_PIDFD_H_
#define TALLYMAN_PLATFORM_LINUX_PIDFD_H_

#include <cstdint>

#include "platform/base/unique_fd.h"
#include "platform/linux/proc_text.h"

namespace tallyman::platform {

// The functions return 0 or an errno.

// A process: its pidfd, and what /proc/PID/stat said of that very process.
struct OpenedProcess {
  base::UniqueFd fd;
  StatText stat;
};

// Opens the process that has `pid` now; a zombie counts. ESRCH if there is
// none (a thread that is no process included), or it has gone meanwhile; EACCES
// if it is there but /proc hides it.
int OpenProcess(int32_t pid, OpenedProcess& process);

// Reads /proc/PID/stat. ESRCH if there is none.
int ReadProcessStat(int32_t pid, StatText& stat);

// pidfd_send_signal(2).
int SignalPidfd(int fd, int signal);

// Sends `signal` to the process group that the process leads or led. EINVAL
// before Linux 6.9.
int SignalPidfdGroup(int fd, int signal);

// The same where the kernel cannot: each member that /proc lists, by itself.
// `fd` and `start_ticks` are those of the leader, whose pid is `group`. Members
// that are forked meanwhile are looked for again, a few times. Once the leader
// has been waited for and no member is left, its pid can go to another process;
// nothing is sent then, unless that process has ended as well and left
// processes in a group of its own.
int SignalGroupMembers(int32_t group, int64_t start_ticks, int fd, int signal);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_PIDFD_H_
