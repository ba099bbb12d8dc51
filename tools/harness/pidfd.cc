#include "tools/harness/pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::harness {

base::UniqueFd OpenPidfd(pid_t pid) {
  return base::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool SignalPidfd(const base::UniqueFd& process, int signal) {
  return syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

bool AwaitReadable(const base::UniqueFd& fd, absl::Duration timeout) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  while (true) {
    int milliseconds = -1;
    if (timeout != absl::InfiniteDuration()) {
      const absl::Duration left =
          timeout - absl::FromChrono(Clock::now() - begin);
      milliseconds = static_cast<int>(std::clamp<int64_t>(
          absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 0,
          std::numeric_limits<int>::max()));
    }
    pollfd watched = {.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&watched, 1, milliseconds);
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0;
  }
}

}  // namespace tallyman::harness
