// What starting processes costs with no supervisor: the floor of all others.

#ifndef TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_
#define TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// What the loop runs, and stacks as well.
inline constexpr std::string_view kSleepCommand = "sleep 1000";
inline constexpr std::string_view kSleepName = "sleep";  // Its comm.

struct SpawnTimes {
  // From the first call of posix_spawn(3) to the last return. glibc's returns
  // when the program has been executed.
  absl::Duration start;
  // SIGTERM to each, then waitid(2) for each.
  absl::Duration stop;
};

// Starts kSleepCommand `count` times, lets all come to rest for `rest`, and
// ends them. None is left, also after an error.
absl::StatusOr<SpawnTimes> MeasureSpawnLoop(int64_t count, absl::Duration rest);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SPAWN_LOOP_H_
