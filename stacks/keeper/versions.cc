#include "stacks/keeper/versions.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {
namespace {

std::string Describe(const VersionRange& range) {
  if (range.oldest == range.newest) {
    return absl::StrCat("version ", range.oldest);
  }
  return absl::StrCat("versions ", range.oldest, " to ", range.newest);
}

}  // namespace

Child VersionsRecord(int32_t newest) {
  return {.launch = std::string(kVersionsLaunch),
          .pid = 0,
          .start_ticks = 0,
          .wait_status = newest};
}

bool IsVersionsRecord(const Child& child) {
  return child.launch == kVersionsLaunch && child.wait_status.has_value();
}

absl::StatusOr<int32_t> ChooseVersion(const VersionRange& keeper,
                                      const VersionRange& server) {
  const int32_t highest = std::min(keeper.newest, server.newest);
  if (highest < std::max(keeper.oldest, server.oldest)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "it speaks ", Describe(keeper), " of the protocol, and this server ",
        Describe(server),
        "; run a release of the server that shares a version with it, or scale "
        "everything to 0 with the release that started it: then it ends, and "
        "this server starts its own"));
  }
  return highest;
}

}  // namespace tallyman::stacks::keeper
