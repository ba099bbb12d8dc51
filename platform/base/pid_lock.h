// A lock file that names its holder, so that a directory has one owner at a
// time.

#ifndef TALLYMAN_PLATFORM_BASE_PID_LOCK_H_
#define TALLYMAN_PLATFORM_BASE_PID_LOCK_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {

struct PidLockOptions {
  // How long to wait for another holder. A killed process holds its lock until
  // the kernel has cleaned up, and so does its forked child until it executes a
  // program.
  absl::Duration timeout = absl::Seconds(1);
  absl::Duration retry_interval = absl::Milliseconds(10);
  // Asked after each failed try; true ends the wait early. May be empty.
  std::function<bool()> give_up;
};

// Takes the advisory lock (flock(2), exclusive) of the file `name` in the
// directory `directory`, makes the file (mode 0600) if it is missing, and
// writes the caller's pid into it, for people. The lock lasts until the
// descriptor, and every copy of it in forked children, is closed.
// FailedPrecondition if another process holds the lock; else what
// absl::ErrnoToStatus makes of an errno.
absl::StatusOr<UniqueFd> LockPidFile(int directory, const std::string& name,
                                     const PidLockOptions& options);

// "pid 123": the holder that the file `name` names, or "pid unknown".
std::string PidFileHolder(int directory, const std::string& name);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_PID_LOCK_H_
