#include "tools/bench/scale_timer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/instance_watch.h"
#include "tools/bench/interruption.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

absl::Duration Since(Clock::time_point begin) {
  return absl::FromChrono(Clock::now() - begin);
}

// Scales to `count`; `is_done` returns true once the kernel shows that.
absl::StatusOr<ScaleTimes> MeasureScale(const BenchServer& server,
                                        int64_t count, absl::Duration timeout,
                                        absl::FunctionRef<bool()> is_done) {
  harness::ApiClient client = server.Client();
  // Connects: accepting the connection does not count.
  if (auto ready = client.Get("/healthz"); !ready.ok()) return ready.status();

  const Clock::time_point begin = Clock::now();
  const absl::StatusOr<int64_t> action = server.Scale(client, count);
  if (!action.ok()) return action.status();
  std::optional<absl::Duration> kernel;
  std::optional<absl::Duration> finished;
  while (true) {
    if (!kernel && is_done()) kernel = Since(begin);
    if (kernel && finished) {
      return ScaleTimes{.kernel = *kernel, .finished = *finished};
    }
    if (!finished) {
      const absl::StatusOr<bool> has_finished =
          client.HasSucceeded(server.stack_uid(), *action);
      if (!has_finished.ok()) return has_finished.status();
      if (*has_finished) {
        finished = Since(begin);
        continue;  // The kernel mostly agrees by now: do not sleep.
      }
    }
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    const absl::Duration elapsed = Since(begin);
    if (elapsed > timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("scaling to ", count, " is not done after ",
                       absl::FormatDuration(timeout), ": the action is ",
                       finished ? "" : "not ", "finished, the kernel does ",
                       kernel ? "" : "not ", "agree"));
    }
    absl::SleepFor(std::clamp(elapsed / 50, absl::Microseconds(100),
                              absl::Milliseconds(10)));
  }
}

// An error unless exactly `count` processes of the stack run.
absl::Status CheckCount(const BenchServer& server, int64_t count) {
  const size_t found = FindProcesses(server.stack_uid()).size();
  if (found == static_cast<size_t>(count)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("after scaling to ", count,
                                          " the kernel shows ", found,
                                          " processes of the stack"));
}

}  // namespace

absl::StatusOr<ScaleTimes> MeasureScaleUp(const BenchServer& server,
                                          int64_t count,
                                          absl::Duration timeout) {
  InstanceWatch watch(server.stack_uid());
  absl::StatusOr<ScaleTimes> times = MeasureScale(server, count, timeout, [&] {
    return watch.CountStarted() >= static_cast<size_t>(count);
  });
  if (!times.ok()) return times;
  if (absl::Status right = CheckCount(server, count); !right.ok()) return right;
  return times;
}

absl::StatusOr<ScaleTimes> MeasureScaleDown(const BenchServer& server,
                                            int64_t count,
                                            absl::Duration timeout) {
  InstanceWatch watch(server.stack_uid());
  if (const size_t seen = watch.CountStarted();
      seen != static_cast<size_t>(count)) {
    return absl::InternalError(absl::StrCat("before scaling from ", count,
                                            " to 0 the kernel shows ", seen));
  }
  absl::StatusOr<ScaleTimes> times =
      MeasureScale(server, 0, timeout, [&] { return watch.AllGone(); });
  if (!times.ok()) return times;
  if (absl::Status right = CheckCount(server, 0); !right.ok()) return right;
  return times;
}

}  // namespace tallyman::bench
