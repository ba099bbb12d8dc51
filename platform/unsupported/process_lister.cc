// Systems without an implementation: Create() returns Unimplemented.

#include "platform/process_lister.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::platform {

absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options /*options*/) {
  return absl::UnimplementedError(
      "listing processes is not supported on this operating system");
}

}  // namespace tallyman::platform
