#include "server/system/private_file.h"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "platform/base/windows/windows_text.h"

namespace tallyman::server {
namespace {

constexpr std::streamsize kMaxBytes = std::streamsize{64} << 10;

std::filesystem::path PathOf(std::string_view path) {
  return base::ToWide(path);
}

absl::Status PathError(int error, const std::string& path,
                       std::string_view reason) {
  return absl::ErrnoToStatus(
      error,
      absl::StrCat("file ", base::Quote(path, path.size()), " ", reason));
}

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(PathOf(path), error)) {
    return PathError(ENOENT, path, "cannot be opened");
  }
  std::ifstream file(PathOf(path), std::ios::binary);
  if (!file) return PathError(EACCES, path, "cannot be opened");
  std::string content(static_cast<size_t>(kMaxBytes), '\0');
  file.read(content.data(), kMaxBytes);
  if (file.bad()) return PathError(EIO, path, "cannot be read");
  content.resize(static_cast<size_t>(file.gcount()));
  return content;
}

absl::Status ReplacePrivateFile(const std::string& path,
                                std::string_view content) {
  const std::string fresh = absl::StrCat(path, ".tmp");
  {
    std::ofstream file(PathOf(fresh), std::ios::binary | std::ios::trunc);
    if (!file) return PathError(EACCES, fresh, "cannot be made");
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) return PathError(EIO, fresh, "cannot be written");
  }
  std::error_code error;
  // MoveFileExW with MOVEFILE_REPLACE_EXISTING.
  std::filesystem::rename(PathOf(fresh), PathOf(path), error);
  if (error) {
    std::error_code ignored;
    std::filesystem::remove(PathOf(fresh), ignored);
    return PathError(
        EACCES, path,
        absl::StrCat("cannot be replaced (", error.message(), ")"));
  }
  return absl::OkStatus();
}

absl::Status RemovePrivateFile(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(PathOf(path), error);
  if (!error) return absl::OkStatus();
  return PathError(EACCES, path,
                   absl::StrCat("cannot be removed (", error.message(), ")"));
}

}  // namespace tallyman::server
