// macOS: processes from sysctl(3) and libproc. The rules are in
// macos_process_lister.h, the calls in libproc_system.h.

#include "platform/process_lister.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/macos/libproc_system.h"
#include "platform/macos/macos_process_lister.h"

namespace tallyman::platform {

absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options options) {
  return MakeMacosProcessLister(MakeLibprocSystem(), std::move(options));
}

}  // namespace tallyman::platform
