#include "storage/database_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/storage_error.h"

namespace tallyman::storage {
namespace {

constexpr mode_t kFileMode = 0600;

absl::Status FileError(int error, const std::string& path,
                       std::string_view reason) {
  return MarkStorageError(absl::ErrnoToStatus(
      error, absl::StrCat("database \"", path, "\": ", reason)));
}

}  // namespace

// Never opens an existing file: closing the descriptor would drop the locks
// that this process holds on the file through SQLite
// (https://www.sqlite.org/howtocorrupt.html, section 2.2).
absl::Status PrepareDatabaseFile(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("the path of the database is empty");
  }
  const int fd =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd >= 0) {
    close(fd);
    return absl::OkStatus();
  }
  if (errno != EEXIST) return FileError(errno, path, "can't be created");
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return FileError(errno, path, "can't be examined");
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "database \"", path, "\": ",
        S_ISDIR(info.st_mode) ? "is a directory" : "is not a regular file"));
  }
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0) {
    return FileError(errno, path, "can't be read and written");
  }
  if ((info.st_mode & 077) != 0 && chmod(path.c_str(), kFileMode) != 0) {
    return FileError(errno, path,
                     "others can read it, and its mode can't be changed");
  }
  return absl::OkStatus();
}

}  // namespace tallyman::storage
