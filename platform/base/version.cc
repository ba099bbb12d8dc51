#include "platform/base/version.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace tallyman::base {

std::string VersionLine(std::string_view program) {
  const std::string_view commit = BuildCommit();
  if (commit.empty()) return absl::StrCat(program, " ", Version(), "\n");
  return absl::StrCat(program, " ", Version(), " (commit ", commit, ")\n");
}

}  // namespace tallyman::base
