#include "tools/bench/scratch_directory.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace tallyman::bench {

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make(
    const std::string& parent) {
  std::error_code error;
  std::filesystem::path directory = parent;
  if (parent.empty()) directory = std::filesystem::temp_directory_path(error);
  if (!error) directory = std::filesystem::canonical(directory, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("no directory \"", parent, "\""));
  }
  std::string path = absl::StrCat(directory.string(), "/tallyman-bench-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("can't make \"", path, "\""));
  }
  return ScratchDirectory(std::move(path));
}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

absl::Status ScratchDirectory::Write(std::string_view name,
                                     std::string_view text) const {
  const std::string path = absl::StrCat(path_, "/", name);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("can't write \"", path, "\""));
}

}  // namespace tallyman::bench
