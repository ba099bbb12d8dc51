// Systems without an implementation: Create() returns Unimplemented.

#include "platform/process_lister.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::platform {

// Other systems move from their options.
absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options /*options*/) {  // NOLINT(performance-unnecessary-value-param)
  return absl::UnimplementedError(
      "listing processes is not supported on this operating system");
}

}  // namespace tallyman::platform
