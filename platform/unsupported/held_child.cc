// Systems without a backend say so, at the first call.

#include "platform/held_child.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/process_handle.h"

namespace tallyman::platform {
namespace {

absl::Status Unsupported() {
  return absl::UnimplementedError(
      "programs cannot be started on this operating system");
}

}  // namespace

struct HeldChildForker::State {};

HeldChildForker::HeldChildForker() = default;
HeldChildForker::~HeldChildForker() = default;

absl::StatusOr<ProcessIdentity> HeldChildForker::Fork(
    const LaunchSpec& /*spec*/, const LaunchDescriptors& /*descriptors*/) {
  return Unsupported();
}

// There never is a child to ask for.
bool HeldChildForker::IsSetUp(int32_t /*pid*/) { return true; }
void HeldChildForker::AwaitSetUp(int32_t /*pid*/) {}

std::string LaunchFailure::Message(const LaunchSpec& /*spec*/) const {
  return std::string(Unsupported().message());
}

absl::StatusOr<Gate> Gate::Create() { return Unsupported(); }

// There never is a gate to call these on.
absl::Status Gate::Release() { return Unsupported(); }
Gate::State Gate::Outcome() { return State::kFailed; }

}  // namespace tallyman::platform
