#include "platform/base/pid_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

using Clock = std::chrono::steady_clock;

absl::Status WritePid(int lock, const std::string& name) {
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock, 0) != 0 || pwrite(lock, pid.data(), pid.size(), 0) !=
                                     static_cast<ssize_t>(pid.size())) {
    return absl::ErrnoToStatus(errno, name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UniqueFd> LockPidFile(int directory, const std::string& name,
                                     const PidLockOptions& options) {
  UniqueFd lock(openat(directory, name.c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                       S_IRUSR | S_IWUSR));
  if (!lock.valid()) return absl::ErrnoToStatus(errno, name);
  const Clock::time_point start = Clock::now();
  const auto is_over = [&] {
    return absl::FromChrono(Clock::now() - start) >= options.timeout;
  };
  const auto interval_ms = static_cast<int>(
      std::max<int64_t>(absl::ToInt64Milliseconds(options.retry_interval), 1));
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, name);
    // flock(2) has no timeout.
    if ((options.give_up && options.give_up()) || is_over()) {
      return absl::AlreadyExistsError(
          absl::StrCat(name, " is locked by ", PidFileHolder(directory, name)));
    }
    poll(nullptr, 0, interval_ms);
  }
  if (absl::Status written = WritePid(lock.get(), name); !written.ok()) {
    return written;
  }
  return lock;
}

std::string PidFileHolder(int directory, const std::string& name) {
  const UniqueFd file(
      openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 32> text;
  const ssize_t size =
      file.valid() ? pread(file.get(), text.data(), text.size(), 0) : -1;
  int64_t pid = 0;
  if (size > 0 &&
      absl::SimpleAtoi(std::string_view(text.data(), static_cast<size_t>(size)),
                       &pid)) {
    return absl::StrCat("pid ", pid);
  }
  return "pid unknown";
}

}  // namespace tallyman::base
