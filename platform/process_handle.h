// One particular process: identifies, watches and signals it, and never another
// process that has got its pid.
//
// Linux only; before Linux 5.3, which has pidfd_open(2), Unimplemented.
//
// Example: platform/process_handle_example_test.cc

#ifndef TALLYMAN_PLATFORM_PROCESS_HANDLE_H_
#define TALLYMAN_PLATFORM_PROCESS_HANDLE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::platform {

// Distinguishes a process from every other that has ever run on this machine.
struct ProcessIdentity {
  std::string boot_id;  // See BootId().
  int32_t pid = 0;
  int64_t start_ticks = 0;  // Clock ticks since boot, proc_pid_stat(5).

  friend bool operator==(const ProcessIdentity& a, const ProcessIdentity& b) {
    return a.pid == b.pid && a.start_ticks == b.start_ticks &&
           a.boot_id == b.boot_id;
  }
};

// The id of this boot of the machine: a random UUID of 36 characters
// (random(4)). Thread-safe, as are all functions here.
absl::StatusOr<std::string> BootId();

// The identity of the process that has `pid` now; it may be a zombie. NotFound
// if there is none; PermissionDenied if /proc hides it; Unavailable if the
// caller is out of descriptors or memory.
absl::StatusOr<ProcessIdentity> IdentifyProcess(int32_t pid);

// Holds a pidfd. Movable. Const calls are thread-safe.
class ProcessHandle {
 public:
  // Opens the process `identity`. NotFound if it has ended and its parent has
  // reaped it, if another process has its pid, or if `identity` is of another
  // boot. Other errors as for IdentifyProcess().
  static absl::StatusOr<ProcessHandle> Open(const ProcessIdentity& identity);

  const ProcessIdentity& identity() const { return identity_; }

  // Becomes readable (POLLIN) when the process has ended.
  int fd() const { return fd_.get(); }

  // True once the process has ended, reaped or not.
  bool HasEnded() const;

  // Sends `signal` to this process alone. NotFound once it is reaped;
  // PermissionDenied if it runs as another user (kill(2)).
  absl::Status Signal(int signal) const;

  // Sends `signal` to every member of the process group that this process
  // leads, also after the leader has ended. NotFound if the group has no
  // members; zombies are members. Signal 0 only checks that there are members.
  // Uses PIDFD_SIGNAL_PROCESS_GROUP of pidfd_send_signal(2); before Linux 6.9
  // opens, checks and signals each member that /proc lists.
  absl::Status SignalGroup(int signal) const;

 private:
  ProcessHandle(ProcessIdentity identity, base::UniqueFd fd)
      : identity_(std::move(identity)), fd_(std::move(fd)) {}

  ProcessIdentity identity_;
  base::UniqueFd fd_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_HANDLE_H_
