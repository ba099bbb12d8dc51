#include "server/system/private_file.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;
constexpr mode_t kPrivate = 0600;

absl::Status PathError(int error, const std::string& path,
                       std::string_view reason) {
  return absl::ErrnoToStatus(
      error,
      absl::StrCat("file ", base::Quote(path, path.size()), " ", reason));
}

absl::Status WriteAll(int fd, std::string_view rest, const std::string& path) {
  while (!rest.empty()) {
    const ssize_t put = write(fd, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return PathError(errno, path, "cannot be written");
    rest.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const base::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return PathError(errno, path, "cannot be opened");
  std::string content(kMaxBytes, '\0');
  size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got =
        read(fd.get(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return PathError(errno, path, "cannot be read");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  content.resize(filled);
  return content;
}

absl::Status ReplacePrivateFile(const std::string& path,
                                std::string_view content) {
  const std::string fresh = absl::StrCat(path, ".tmp");
  // A start that crashed may have left one.
  unlink(fresh.c_str());
  const base::UniqueFd fd(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kPrivate));
  if (!fd.valid()) return PathError(errno, fresh, "cannot be made");
  absl::Status written = WriteAll(fd.get(), content, fresh);
  if (written.ok() && std::rename(fresh.c_str(), path.c_str()) != 0) {
    written = PathError(errno, path, "cannot be replaced");
  }
  if (!written.ok()) unlink(fresh.c_str());
  return written;
}

absl::Status RemovePrivateFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return PathError(errno, path, "cannot be removed");
}

}  // namespace tallyman::server
