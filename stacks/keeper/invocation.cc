#include "stacks/keeper/invocation.h"

#include <poll.h>
#include <sys/types.h>
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
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace tallyman::stacks::keeper {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kReady = "ok";
constexpr std::string_view kFailedPreconditionPrefix = "FAILED_PRECONDITION: ";

// Milliseconds until `deadline`, for poll(2); rounded up.
int MillisecondsUntil(Clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

}  // namespace

void WriteReadiness(int fd, const absl::Status& status) {
  const std::string line = absl::StrCat(
      status.ok() ? std::string(kReady)
                  : absl::StrReplaceAll(status.ToString(), {{"\n", " "}}),
      "\n");
  (void)!write(fd, line.data(), line.size());
}

absl::Status ReadReadiness(int fd, absl::Duration timeout) {
  const Clock::time_point deadline =
      Clock::now() + absl::ToChronoMilliseconds(timeout);
  std::string line;
  while (!absl::StrContains(line, '\n')) {
    pollfd watched = {.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&watched, 1, MillisecondsUntil(deadline));
    if (ready == 0) {
      return absl::UnavailableError("it did not begin to listen in time");
    }
    std::array<char, 512> buffer;
    const ssize_t got = ready < 0 ? -1 : read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading its report");
    if (got == 0) {
      return absl::UnavailableError("it ended before it began to listen");
    }
    line.append(buffer.data(), static_cast<size_t>(got));
  }
  std::string_view report = line;
  report = report.substr(0, report.find('\n'));
  if (report == kReady) return absl::OkStatus();
  if (absl::ConsumePrefix(&report, kFailedPreconditionPrefix)) {
    return absl::FailedPreconditionError(report);
  }
  return absl::UnavailableError(report);
}

}  // namespace tallyman::stacks::keeper
