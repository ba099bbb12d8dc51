// Processes to be listed.

#ifndef TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_
#define TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tools/bench/line_child.h"

namespace tallyman::bench {

// Sleeping processes named "sleeper-00000", "sleeper-00001" and so on. The
// program //tools/bench:sleepers, which is `starter`, starts them and ends them
// when it ends itself.
struct SleeperCrowd {
  std::unique_ptr<LineChild> starter;
  pid_t last_pid = 0;
};

// Waits until all of them sleep. `program` is the path of :sleepers.
absl::StatusOr<SleeperCrowd> StartSleepers(const std::string& program,
                                           int64_t count);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_
