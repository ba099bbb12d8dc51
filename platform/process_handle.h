// One particular process: recognised for certain, watched and signalled without
// ever touching another one that got its pid.
//
//   absl::StatusOr<ProcessHandle> handle = ProcessHandle::Open(identity);
//   if (absl::IsNotFound(handle.status())) ...  // it has ended
//   handle->SignalGroup(SIGTERM);
//   poll(handle->fd(), POLLIN)  // ... until it has ended
//
// Linux only (pidfd_open(2), Linux 5.3); elsewhere Unimplemented.

#ifndef TALLYMAN_PLATFORM_PROCESS_HANDLE_H_
#define TALLYMAN_PLATFORM_PROCESS_HANDLE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::platform {

// What tells a process from every other that ever ran on this machine.
struct ProcessIdentity {
  std::string boot_id;  // See BootId().
  int32_t pid = 0;
  int64_t start_ticks = 0;  // Clock ticks since boot, proc_pid_stat(5).

  bool operator==(const ProcessIdentity&) const = default;
};

// The id of this boot of the machine: random(4), 36 characters of hex and '-'.
absl::StatusOr<std::string> BootId();

// The identity of the process that has `pid` now; a zombie counts. NotFound if
// there is none.
absl::StatusOr<ProcessIdentity> IdentifyProcess(int32_t pid);

// Holds a pidfd. Movable. Const calls are thread-safe.
class ProcessHandle {
 public:
  // Opens the process that is `identity` and no other. NotFound if it has ended
  // and its parent has waited for it, if its pid has gone to another process,
  // or if `identity` is of another boot.
  static absl::StatusOr<ProcessHandle> Open(const ProcessIdentity& identity);

  const ProcessIdentity& identity() const { return identity_; }

  // Becomes readable (POLLIN) when the process has ended.
  int fd() const { return fd_.get(); }

  // True once it has ended, waited for or not.
  bool HasEnded() const;

  // Sends `signal` to this process alone. NotFound once it is gone;
  // PermissionDenied if it belongs to somebody else.
  absl::Status Signal(int signal) const;

  // Sends `signal` to every member of the process group that it leads, also
  // when it has ended itself and others are left. NotFound if there is no
  // member. With 0 only looks whether there is one; zombies count.
  // PIDFD_SIGNAL_PROCESS_GROUP (Linux 6.9) where there is one; on older kernels
  // each member that the process list shows is opened, checked again, and
  // signalled by itself.
  absl::Status SignalGroup(int signal) const;

 private:
  ProcessHandle(ProcessIdentity identity, base::UniqueFd fd)
      : identity_(std::move(identity)), fd_(std::move(fd)) {}

  ProcessIdentity identity_;
  base::UniqueFd fd_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_HANDLE_H_
