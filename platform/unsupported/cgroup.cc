// Systems without control groups.

#include "platform/cgroup.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::platform {
namespace {

absl::Status Unsupported() {
  return absl::UnavailableError("this operating system has no control groups");
}

}  // namespace

absl::StatusOr<std::unique_ptr<CgroupParent>> CgroupParent::Open(
    std::string_view /*name*/) {
  return Unsupported();
}

absl::StatusOr<std::unique_ptr<CgroupParent>> CgroupParent::OpenPath(
    std::string /*path*/) {
  return Unsupported();
}

// There never is one to call these on.
absl::StatusOr<base::UniqueFd> CgroupParent::Make(
    std::string_view /*name*/) const {
  return Unsupported();
}
absl::Status CgroupParent::Kill(std::string_view /*name*/) const {
  return Unsupported();
}
absl::StatusOr<bool> CgroupParent::Remove(std::string_view /*name*/) const {
  return Unsupported();
}
std::vector<std::string> CgroupParent::List() const { return {}; }
absl::StatusOr<base::UniqueFd> CgroupParent::OpenEvents(
    std::string_view /*name*/) const {
  return Unsupported();
}
void CgroupParent::RemoveIfEmpty() const {}

}  // namespace tallyman::platform
