#include "tally/actions/patience.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "tally/client/api.h"
#include "tally/terminal/interrupt.h"

namespace tallyman::tally {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);
constexpr absl::Duration kLastRetry = absl::Seconds(2);
constexpr absl::Duration kShortestLook = absl::Milliseconds(50);
constexpr absl::Duration kLongestLook = absl::Seconds(5);

}  // namespace

absl::Duration SteadyWaitClock::Elapsed() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

bool SteadyWaitClock::Sleep(absl::Duration duration) {
  return SleepUnlessInterrupted(duration);
}

bool IsTransient(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return true;
  if (!absl::IsUnavailable(status)) return false;
  const auto payload = status.GetPayload(kApiErrorPayload);
  return !payload ||
         !absl::StrContains(std::string(*payload), "\"not_implemented\"");
}

absl::Status Patience::Pause(absl::Duration duration) {
  const absl::Duration left = options_.timeout - elapsed();
  if (!clock_.Sleep(std::min(duration, std::max(left, absl::ZeroDuration())))) {
    return absl::CancelledError("interrupted");
  }
  if (duration < left) return absl::OkStatus();
  return absl::DeadlineExceededError("the timeout has passed");
}

absl::Status Patience::Try(absl::FunctionRef<absl::Status()> attempt) {
  absl::Duration pause = kFirstRetry;
  absl::Duration outage_began;
  bool is_out = false;
  while (true) {
    const absl::Status status = attempt();
    if (!IsTransient(status)) {
      if (is_out && status.ok() && options_.on_return) options_.on_return();
      // The request was ended because of the timeout.
      if (absl::IsCancelled(status) && elapsed() >= options_.timeout) {
        return absl::DeadlineExceededError("the timeout has passed");
      }
      return status;
    }
    if (!is_out) {
      is_out = true;
      outage_began = elapsed();
      if (options_.on_outage) options_.on_outage(status);
    }
    if (elapsed() - outage_began >= options_.max_outage) return status;
    if (absl::Status paused = Pause(pause); !paused.ok()) return paused;
    pause = std::min(2 * pause, kLastRetry);
  }
}

absl::Status Patience::Until(absl::FunctionRef<absl::StatusOr<bool>()> look) {
  const absl::Duration began = elapsed();
  while (true) {
    bool is_done = false;
    const absl::Status status = Try([&] {
      const absl::StatusOr<bool> seen = look();
      is_done = seen.ok() && *seen;
      return seen.status();
    });
    if (!status.ok() || is_done) return status;
    const absl::Duration pause =
        std::clamp((elapsed() - began) / 10, kShortestLook, kLongestLook);
    if (absl::Status paused = Pause(pause); !paused.ok()) return paused;
  }
}

}  // namespace tallyman::tally
