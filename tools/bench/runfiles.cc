#include "tools/bench/runfiles.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace tallyman::bench {
namespace {

// Where `path` can be used as `mode` (of access(2)) says, and is no directory.
std::optional<std::string> Find(const std::string& path, int mode) {
  std::vector<std::string> places = {path};
  if (!path.starts_with('/')) {
    // Of `bazel run`, which starts programs among their runfiles.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet.
    if (const char* const user_dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
      places.push_back(absl::StrCat(user_dir, "/", path));
    }
    std::error_code error;
    const std::string self =
        std::filesystem::read_symlink("/proc/self/exe", error).string();
    places.push_back(absl::StrCat(self, ".runfiles/tallyman/", path));
    places.push_back(absl::StrCat(self, ".runfiles/_main/", path));
  }
  for (const std::string& place : places) {
    if (access(place.c_str(), mode) == 0 &&
        !std::filesystem::is_directory(place)) {
      return place;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& path,
                                        std::string_view flag) {
  if (std::optional<std::string> place = Find(path, X_OK)) return *place;
  return absl::NotFoundError(
      absl::StrCat(flag, ": \"", path, "\" is not there, or is no program"));
}

absl::StatusOr<std::string> FindDataFile(const std::string& path) {
  if (std::optional<std::string> place = Find(path, R_OK)) return *place;
  return absl::NotFoundError(absl::StrCat("\"", path, "\" is not there"));
}

}  // namespace tallyman::bench
