// The duration of a scale, by the kernel and by the API.

#ifndef TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_
#define TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"

namespace tallyman::bench {

// Both count from the moment before the request is sent.
struct ScaleTimes {
  // Until /proc shows that `count` instances have executed their program, or
  // that all are gone. Not less than the time until the answer to the request.
  absl::Duration kernel;
  absl::Duration finished;  // Until the API shows that the action has finished.
};

// Scales from 0 to `count`. Polls /proc and the action in turn: each time is
// too long by at most a fiftieth, and the duration of one poll of both. An
// error if the scale takes longer than `timeout`, if the action fails, or if
// the kernel shows another number of processes in the end.
absl::StatusOr<ScaleTimes> MeasureScaleUp(const BenchServer& server,
                                          int64_t count,
                                          absl::Duration timeout);

// The same from `count` to 0.
absl::StatusOr<ScaleTimes> MeasureScaleDown(const BenchServer& server,
                                            int64_t count,
                                            absl::Duration timeout);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_
