#include "tools/bench/interruption.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tallyman::bench {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void OnSignal(int /*signal*/) { interrupted.store(true); }

}  // namespace

void CatchInterruptions() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action = {};
    action.sa_handler = OnSignal;
    action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

absl::Status CheckInterruption() {
  if (!interrupted.load()) return absl::OkStatus();
  return absl::CancelledError("interrupted");
}

absl::Status Rest(absl::Duration duration) {
  // An interruption is noticed after this time.
  constexpr absl::Duration kSlice = absl::Milliseconds(100);
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  while (true) {
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    const absl::Duration left =
        duration - absl::FromChrono(Clock::now() - begin);
    if (left <= absl::ZeroDuration()) return absl::OkStatus();
    absl::SleepFor(std::min(left, kSlice));
  }
}

}  // namespace tallyman::bench
