#include "tally/client/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/base/write_all.h"

namespace tallyman::tally {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;

absl::Status Errno(int error, const std::string& path) {
  return absl::ErrnoToStatus(error, path);
}

absl::Status CheckOwner(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return Errno(errno, path);
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is no regular file"));
  }
  if (geteuid() != 0 && info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " belongs to another user (uid ", info.st_uid, ")"));
  }
  if ((info.st_mode & 0077U) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "others may use ", path, ", which has secrets; run: chmod 600 ", path));
  }
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::filesystem::path& folder) {
  if (folder.empty() || access(folder.c_str(), F_OK) == 0) {
    return absl::OkStatus();
  }
  if (absl::Status made = MakeFolder(folder.parent_path()); !made.ok()) {
    return made;
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Errno(errno, folder.string());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  const base::UniqueFd fd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return Errno(errno, path);
  if (absl::Status owned = CheckOwner(fd.get(), path); !owned.ok()) {
    return owned;
  }
  std::string content;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Errno(errno, path);
    if (size == 0) return content;
    content.append(buffer, static_cast<size_t>(size));
    if (content.size() > kMaxBytes) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " has more than 1 MiB"));
    }
  }
}

absl::Status WritePrivateFile(const std::string& path,
                              std::string_view content) {
  if (absl::Status made = MakeFolder(std::filesystem::path(path).parent_path());
      !made.ok()) {
    return made;
  }
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  // mkostemp(3) makes the file with mode 0600.
  const base::UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return Errno(errno, temporary);
  int error = 0;
  if (!base::WriteAll(fd.get(), content) || fsync(fd.get()) != 0) {
    error = errno;
  } else if (rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) return absl::OkStatus();
  unlink(temporary.c_str());
  return Errno(error, path);
}

}  // namespace tallyman::tally
