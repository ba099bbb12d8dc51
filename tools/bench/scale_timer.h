// How long a scale takes, by the kernel and by the API.

#ifndef TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_
#define TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"

namespace tallyman::bench {

// Both from the moment before the request was sent.
struct ScaleTimes {
  // Until as many instances had executed their program, or until all were gone.
  // Not less than it took until the request was answered.
  absl::Duration kernel;
  absl::Duration finished;  // Until the action was.
};

// Scales from 0 to `count`. Looks at /proc and asks for the action in turn,
// often enough for both times to be at most a fiftieth, and one look and one
// request, too long. An error if it is not
// done after `timeout`, if the action fails, or if the kernel shows another
// number in the end.
absl::StatusOr<ScaleTimes> MeasureScaleUp(const BenchServer& server,
                                          int64_t count,
                                          absl::Duration timeout);

// Likewise from `count` to 0.
absl::StatusOr<ScaleTimes> MeasureScaleDown(const BenchServer& server,
                                            int64_t count,
                                            absl::Duration timeout);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SCALE_TIMER_H_
