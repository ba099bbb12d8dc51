// Systems without a backend say so, at the first call.

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
