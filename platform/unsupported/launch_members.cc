// Systems without a backend say so, at the first call.

#include "platform/launch_members.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindLaunchMembers(
    absl::Span<const LaunchIdentity> /*families*/) {
  return absl::UnimplementedError(
      "processes cannot be controlled on this operating system");
}

}  // namespace tallyman::platform
