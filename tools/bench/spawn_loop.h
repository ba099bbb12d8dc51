// The cost of starting processes without a supervisor: the floor of scaling.

#ifndef TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_
#define TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// The command of the loop, and of the stack that is compared with it.
inline constexpr std::string_view kSleepCommand = "sleep 1000";
inline constexpr std::string_view kSleepName = "sleep";  // Its comm.

struct SpawnTimes {
  // From the first call of posix_spawn(3) to the return of the last. glibc's
  // returns after execve(2).
  absl::Duration start;
  // SIGTERM to each, then waitid(2) for each.
  absl::Duration stop;
};

// Starts kSleepCommand `count` times, waits for `rest`, and ends all of them,
// also after an error.
absl::StatusOr<SpawnTimes> MeasureSpawnLoop(int64_t count, absl::Duration rest);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_
