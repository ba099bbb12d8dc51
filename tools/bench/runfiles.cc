#include "tools/bench/runfiles.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace tallyman::bench {

absl::StatusOr<std::string> FindFile(const std::string& path) {
  std::vector<std::string> candidates = {path};
  if (!path.starts_with('/')) {
    // `bazel run` starts programs in their runfiles directory.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet.
    if (const char* const user_dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
      candidates.push_back(absl::StrCat(user_dir, "/", path));
    }
    std::error_code error;
    const std::string self =
        std::filesystem::read_symlink("/proc/self/exe", error).string();
    candidates.push_back(absl::StrCat(self, ".runfiles/tallyman/", path));
    candidates.push_back(absl::StrCat(self, ".runfiles/_main/", path));
  }
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), R_OK) == 0 &&
        !std::filesystem::is_directory(candidate)) {
      return candidate;
    }
  }
  return absl::NotFoundError(absl::StrCat("there is no file \"", path, "\""));
}

}  // namespace tallyman::bench
