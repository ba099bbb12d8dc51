#include "storage/data_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/pid_lock.h"
#include "platform/base/unique_fd.h"

namespace tallyman::storage {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr char kLockName[] = "lock";

absl::Status PathError(int error, const std::string& path,
                       std::string_view reason) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("data directory \"", path, "\" ", reason));
}

absl::Status Refused(const std::string& path, std::string_view reason) {
  return absl::FailedPreconditionError(
      absl::StrCat("data directory \"", path, "\" ", reason));
}

// As mkdir -p: existing directories stay as they are.
absl::Status MakeWithParents(const std::string& path) {
  size_t end = 0;
  while (end != std::string::npos) {
    end = path.find('/', end + 1);
    const std::string prefix = path.substr(0, end);
    if (mkdir(prefix.c_str(), kDirectoryMode) == 0) continue;
    const int error = errno;
    // For an existing prefix, mkdir may fail with EROFS or EACCES instead of
    // EEXIST: check whether the prefix is a directory.
    struct stat info;
    if (stat(prefix.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) continue;
      return Refused(path, prefix == path
                               ? "is a file"
                               : absl::StrCat("can't be made: \"", prefix,
                                              "\" is a file"));
    }
    return PathError(error, path,
                     absl::StrCat("can't be made (at \"", prefix, "\")"));
  }
  return absl::OkStatus();
}

// Whether the directory is empty or was a data directory before: it has a lock
// file of this user.
absl::StatusOr<bool> IsEmptyOrOurs(int directory, const std::string& path) {
  struct stat info;
  if (fstatat(directory, kLockName, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return S_ISREG(info.st_mode) && info.st_uid == geteuid();
  }
  const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return PathError(errno, path, "can't be read");
  DIR* const stream = fdopendir(fd);
  if (stream == nullptr) {
    const int error = errno;
    close(fd);
    return PathError(error, path, "can't be read");
  }
  bool empty = true;
  // Safe: no other thread has this stream.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") empty = false;
  }
  closedir(stream);
  return empty;
}

absl::Status MakePrivate(int directory, const std::string& path) {
  struct stat info;
  if (fstat(directory, &info) != 0) {
    return PathError(errno, path, "can't be examined");
  }
  if (info.st_uid != geteuid()) {
    return Refused(path, absl::StrCat("belongs to uid ", info.st_uid,
                                      " and the server runs as uid ", geteuid(),
                                      "; start it as that user or use another "
                                      "directory"));
  }
  if ((info.st_mode & 077) == 0) return absl::OkStatus();
  absl::StatusOr<bool> ours = IsEmptyOrOurs(directory, path);
  if (!ours.ok()) return ours.status();
  if (!*ours) {
    return Refused(path,
                   absl::StrCat("is open to others and holds other files; if "
                                "it is the right one, run: chmod 700 '",
                                path, "'"));
  }
  if (fchmod(directory, kDirectoryMode) != 0) {
    return PathError(errno, path, "is open to others and can't be closed");
  }
  return absl::OkStatus();
}

absl::StatusOr<base::UniqueFd> Lock(int directory, const std::string& path) {
  struct stat info;
  if (fstatat(directory, kLockName, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      !S_ISREG(info.st_mode)) {
    return Refused(path,
                   absl::StrCat("can't be locked: its entry \"", kLockName,
                                "\" is not a file; move it away"));
  }
  absl::StatusOr<base::UniqueFd> lock =
      base::LockPidFile(directory, kLockName, {});
  if (absl::IsAlreadyExists(lock.status())) {
    return Refused(path, absl::StrCat("is in use by another server (",
                                      base::PidFileHolder(directory, kLockName),
                                      "); stop it or use another directory"));
  }
  if (!lock.ok()) {
    return absl::Status(
        lock.status().code(),
        absl::StrCat("data directory \"", path,
                     "\" can't be locked: ", lock.status().message()));
  }
  return lock;
}

}  // namespace

absl::StatusOr<DataDirectory> DataDirectory::Open(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "the path of the data directory is empty");
  }
  if (absl::Status made = MakeWithParents(path); !made.ok()) return made;
  const std::unique_ptr<char, decltype(&free)> resolved(
      realpath(path.c_str(), nullptr), &free);
  if (resolved == nullptr) return PathError(errno, path, "can't be found");

  const base::UniqueFd directory(
      open(resolved.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return PathError(errno, path, "can't be entered");
  if (absl::Status priv = MakePrivate(directory.get(), path); !priv.ok()) {
    return priv;
  }
  absl::StatusOr<base::UniqueFd> lock = Lock(directory.get(), path);
  if (!lock.ok()) return lock.status();
  return DataDirectory(resolved.get(),
                       std::make_shared<base::UniqueFd>(*std::move(lock)));
}

std::string DataDirectory::FilePath(std::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

}  // namespace tallyman::storage
