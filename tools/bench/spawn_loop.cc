#include "tools/bench/spawn_loop.h"

#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/interruption.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Signals all children and waits for them. No pid can have come to another
// process: a child keeps its pid until it is waited for.
void End(std::vector<pid_t>& children, int signal) {
  for (const pid_t pid : children) kill(pid, signal);
  for (const pid_t pid : children) {
    siginfo_t info;
    while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 &&
           errno == EINTR) {
    }
  }
  children.clear();
}

}  // namespace

absl::StatusOr<SpawnTimes> MeasureSpawnLoop(int64_t count,
                                            absl::Duration rest) {
  const char* const program =
      access("/usr/bin/sleep", X_OK) == 0 ? "/usr/bin/sleep" : "/bin/sleep";
  // The words of kSleepCommand.
  std::string name(kSleepName);
  std::string seconds(kSleepCommand.substr(kSleepName.size() + 1));
  const std::array<char*, 3> arguments = {name.data(), seconds.data(), nullptr};
  std::vector<pid_t> children;
  children.reserve(static_cast<size_t>(count));
  const absl::Cleanup kill_all = [&] { End(children, SIGKILL); };

  const Clock::time_point begin = Clock::now();
  for (int64_t i = 0; i < count; ++i) {
    pid_t pid = -1;
    const int error =
        posix_spawn(&pid, program, nullptr, nullptr, arguments.data(), environ);
    if (error != 0) {
      return absl::ErrnoToStatus(
          error, absl::StrCat("posix_spawn of \"", program, "\", number ",
                              i + 1, " of ", count));
    }
    children.push_back(pid);
  }
  const Clock::time_point started = Clock::now();
  if (absl::Status rested = Rest(rest); !rested.ok()) return rested;
  const Clock::time_point before_end = Clock::now();
  End(children, SIGTERM);
  return SpawnTimes{.start = absl::FromChrono(started - begin),
                    .stop = absl::FromChrono(Clock::now() - before_end)};
}

}  // namespace tallyman::bench
