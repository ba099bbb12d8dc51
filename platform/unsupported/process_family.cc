// Systems without a backend say so, at the first call.

#include "platform/process_family.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/process_handle.h"

namespace tallyman::platform {

absl::StatusOr<std::vector<std::vector<ProcessHandle>>> FindFamilies(
    absl::Span<const Family> /*families*/) {
  return absl::UnimplementedError(
      "processes cannot be controlled on this operating system");
}

}  // namespace tallyman::platform
