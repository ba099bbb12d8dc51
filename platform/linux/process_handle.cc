// Linux: pidfds, checked against /proc/PID/stat.

#include "platform/process_handle.h"

#include <fcntl.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/linux/pidfd.h"
#include "platform/linux/proc_files.h"

namespace tallyman::platform {
namespace {

constexpr const char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";

absl::Status NoSuchProcess(int32_t pid, std::string_view why) {
  return absl::NotFoundError(absl::StrCat("process ", pid, " ", why));
}

// The error of opening process `pid`.
absl::Status OpenError(int error, int32_t pid) {
  if (error == ESRCH) return NoSuchProcess(pid, "does not exist");
  const absl::Status status =
      absl::ErrnoToStatus(error, absl::StrCat("cannot open process ", pid));
  if (IsExhaustion(error)) {
    return absl::UnavailableError(absl::StrCat(
        status.message(), "; raise the limit on open files (ulimit -n)"));
  }
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(status.message(), "; /proc may be mounted with hidepid"));
  }
  if (error == ENOSYS) {
    return absl::UnimplementedError(absl::StrCat(
        status.message(), "; pidfd_open needs Linux 5.3 or newer"));
  }
  return absl::InternalError(status.message());
}

// The result of sending `signal` to the `target` ("process", "process group").
absl::Status SignalResult(int error, int signal, std::string_view target,
                          int32_t pid) {
  if (error == 0) return absl::OkStatus();
  const std::string message =
      absl::StrCat("cannot send signal ", signal, " to ", target, " ", pid);
  if (error == ESRCH) {
    return absl::NotFoundError(absl::StrCat(message, ": it is gone"));
  }
  return absl::ErrnoToStatus(error, message);
}

}  // namespace

absl::StatusOr<std::string> BootId() {
  // Never freed: the id does not change, and threads may still read it at exit.
  static std::atomic<const std::string*> cached = nullptr;
  if (const std::string* id = cached.load(std::memory_order_acquire)) {
    return *id;
  }
  ReadBuffer buffer;
  if (const int error = buffer.ReadFile(AT_FDCWD, kBootIdFile); error != 0) {
    const absl::Status status = absl::ErrnoToStatus(
        error, absl::StrCat("cannot read the boot id from ", kBootIdFile));
    if (IsExhaustion(error)) return absl::UnavailableError(status.message());
    return absl::InternalError(status.message());
  }
  auto id = std::make_unique<const std::string>(
      absl::StripAsciiWhitespace(buffer.text()));
  if (id->empty()) {
    return absl::InternalError(absl::StrCat(kBootIdFile, " is empty"));
  }
  const std::string* expected = nullptr;
  if (cached.compare_exchange_strong(expected, id.get(),
                                     std::memory_order_acq_rel)) {
    return *id.release();
  }
  return *expected;
}

absl::StatusOr<ProcessIdentity> IdentifyProcess(int32_t pid) {
  absl::StatusOr<std::string> boot_id = BootId();
  if (!boot_id.ok()) return boot_id.status();
  OpenedProcess process;
  if (const int error = OpenProcess(pid, process); error != 0) {
    return OpenError(error, pid);
  }
  return ProcessIdentity{.boot_id = *std::move(boot_id),
                         .pid = pid,
                         .start_ticks = process.stat.start_ticks};
}

absl::StatusOr<ProcessHandle> ProcessHandle::Open(
    const ProcessIdentity& identity) {
  const absl::StatusOr<std::string> boot_id = BootId();
  if (!boot_id.ok()) return boot_id.status();
  if (identity.boot_id != *boot_id) {
    return NoSuchProcess(identity.pid, "was of another boot of the machine");
  }
  OpenedProcess process;
  if (const int error = OpenProcess(identity.pid, process); error != 0) {
    return OpenError(error, identity.pid);
  }
  if (process.stat.start_ticks != identity.start_ticks) {
    return NoSuchProcess(identity.pid,
                         "has ended, and its pid went to another process");
  }
  return ProcessHandle(identity, std::move(process.fd));
}

bool ProcessHandle::HasEnded() const {
  pollfd request = {.fd = fd_.get(), .events = POLLIN};
  while (true) {
    const int ready = poll(&request, 1, 0);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) return false;
  }
}

absl::Status ProcessHandle::Signal(int signal) const {
  return SignalResult(SignalPidfd(fd_.get(), signal), signal, "process",
                      identity_.pid);
}

absl::Status ProcessHandle::SignalGroup(int signal) const {
  int error = SignalPidfdGroup(fd_.get(), signal);
  // The kernel is older than 6.9, or `signal` is no signal; then signalling the
  // members returns EINVAL again.
  if (error == EINVAL) {
    error = SignalGroupMembers(identity_.pid, identity_.start_ticks, fd_.get(),
                               signal);
  }
  return SignalResult(error, signal, "process group", identity_.pid);
}

}  // namespace tallyman::platform
