// A lock file with the pid of its holder: lets only one process at a time use a
// directory.

#ifndef TALLYMAN_PLATFORM_BASE_PID_LOCK_H_
#define TALLYMAN_PLATFORM_BASE_PID_LOCK_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

struct PidLockOptions {
  // How long to wait for another holder; infinite is allowed. A killed process
  // holds its lock until the kernel has released its resources, and until its
  // forked children have executed a program or ended.
  absl::Duration timeout = absl::Seconds(1);
  absl::Duration retry_interval = absl::Milliseconds(10);  // At least 1 ms.
  // Called after each failed attempt; true ends the wait. May be empty.
  std::function<bool()> give_up;
};

// Takes the advisory lock (flock(2), exclusive) of the file `name` in the
// directory with the descriptor `directory`, which stays the caller's. Creates
// the file (mode 0600) if it is missing, and writes the caller's pid into it,
// for people to read. The lock ends when the returned descriptor and all its
// copies in forked children are closed. Never remove the file: a process that
// waits for its lock would then lock the removed file.
//
// AlreadyExists if another process holds the lock, and for nothing else; else
// the code of absl::ErrnoToStatus for the errno, also if the name is a symbolic
// link or a directory.
// Blocks for up to `timeout`. Thread-safe.
absl::StatusOr<UniqueFd> LockPidFile(int directory, const std::string& name,
                                     const PidLockOptions& options);

// "pid 123", the last process that took the lock; "pid unknown" if the file is
// missing or empty.
std::string PidFileHolder(int directory, const std::string& name);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_PID_LOCK_H_
