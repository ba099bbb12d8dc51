// Windows: ProcessLister::Create(). windows_process_lister.h describes the
// lister.

#include "platform/process_lister.h"

#include <memory>

#include "absl/status/statusor.h"
#include "platform/windows/win32_system.h"
#include "platform/windows/windows_process_lister.h"

namespace tallyman::platform {

// No option applies: there is no proc(5), users have SIDs and not numbers, one
// call returns all processes, and the lister keeps nothing open.
absl::StatusOr<std::unique_ptr<ProcessLister>> ProcessLister::Create(
    Options /*options*/) {  // NOLINT(performance-unnecessary-value-param)
  return MakeWindowsProcessLister(MakeWin32System());
}

}  // namespace tallyman::platform
