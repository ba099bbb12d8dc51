// Systems without a backend say so, at the first call.

#include "platform/process_handle.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::platform {
namespace {

absl::Status Unsupported() {
  return absl::UnimplementedError(
      "processes cannot be controlled on this operating system");
}

}  // namespace

absl::StatusOr<std::string> BootId() { return Unsupported(); }

absl::StatusOr<ProcessIdentity> IdentifyProcess(int32_t /*pid*/) {
  return Unsupported();
}

absl::StatusOr<ProcessHandle> ProcessHandle::Open(
    const ProcessIdentity& /*identity*/) {
  return Unsupported();
}

// There never is a handle to call these on.
bool ProcessHandle::HasEnded() const { return true; }
absl::Status ProcessHandle::Signal(int /*signal*/) const {
  return Unsupported();
}
absl::Status ProcessHandle::SignalGroup(int /*signal*/) const {
  return Unsupported();
}

}  // namespace tallyman::platform
