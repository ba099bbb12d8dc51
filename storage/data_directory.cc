#include "storage/data_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tallyman::storage {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr char kLockName[] = "lock";
// A server that was killed holds its lock until the kernel has cleared it away,
// and so does a child that it was about to start, until that executes its
// program. Its successor should not stumble over that: one second in all.
constexpr int kLockRetries = 100;
constexpr absl::Duration kLockRetryInterval = absl::Milliseconds(10);

// A descriptor that is closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status PathError(int error, const std::string& path,
                       std::string_view what) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("data directory \"", path, "\" ", what));
}

absl::Status Refused(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("data directory \"", path, "\" ", what));
}

// mkdir -p. What exists already stays as it is.
absl::Status MakeWithParents(const std::string& path) {
  size_t end = 0;
  while (end != std::string::npos) {
    end = path.find('/', end + 1);
    const std::string prefix = path.substr(0, end);
    if (mkdir(prefix.c_str(), kDirectoryMode) == 0) continue;
    const int error = errno;
    // An existing prefix may also answer EROFS or EACCES; what matters is
    // whether it is there.
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

// Whether the directory is empty or has been a data directory before.
absl::StatusOr<bool> IsPlainlyOurs(int directory, const std::string& path) {
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
  // A stream that no other thread has is safe.
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
  absl::StatusOr<bool> ours = IsPlainlyOurs(directory, path);
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

// "pid 123", as the holder has written it into the lock file.
std::string Holder(int lock) {
  char text[32];
  const ssize_t size = pread(lock, text, sizeof(text), 0);
  int64_t pid = 0;
  if (size > 0 &&
      absl::SimpleAtoi(std::string_view(text, static_cast<size_t>(size)),
                       &pid)) {
    return absl::StrCat("pid ", pid);
  }
  return "pid unknown";  // it has the lock and hasn't yet written its pid
}

absl::StatusOr<int> Lock(int directory, const std::string& path) {
  Descriptor lock(openat(directory, kLockName,
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0) return PathError(errno, path, "can't be written to");
  int retries = kLockRetries;
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      if (retries-- > 0) {
        absl::SleepFor(kLockRetryInterval);
        continue;
      }
      return Refused(path, absl::StrCat("is in use by another server (",
                                        Holder(lock.get()),
                                        "); stop it or use another directory"));
    }
    return PathError(errno, path, "can't be locked");
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock.get(), 0) != 0 ||
      pwrite(lock.get(), pid.data(), pid.size(), 0) !=
          static_cast<ssize_t>(pid.size())) {
    return PathError(errno, path, "can't be written to");
  }
  return lock.release();
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

  Descriptor directory(
      open(resolved.get(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return PathError(errno, path, "can't be entered");
  if (absl::Status priv = MakePrivate(directory.get(), path); !priv.ok()) {
    return priv;
  }
  absl::StatusOr<int> lock = Lock(directory.get(), path);
  if (!lock.ok()) return lock.status();
  return DataDirectory(resolved.get(), *lock);
}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataDirectory::~DataDirectory() {
  if (lock_ >= 0) close(lock_);
}

std::string DataDirectory::FilePath(std::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

}  // namespace tallyman::storage
