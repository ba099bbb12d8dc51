// Processes to be listed: they sleep, and end with us.

#ifndef TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_
#define TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "tools/bench/child_process.h"

namespace tallyman::bench {

// Started and ended by the program //tools/bench:sleepers, also if we are
// killed. Their names are "sleeper-00000", "sleeper-00001" and so on. Not
// thread-safe.
class SleeperCrowd {
 public:
  // Has come to rest when this returns. `program` is the path of :sleepers.
  static absl::StatusOr<std::unique_ptr<SleeperCrowd>> Start(
      const std::string& program, int64_t count);

  // Of one of them.
  pid_t last_pid() const { return last_pid_; }

 private:
  SleeperCrowd(std::unique_ptr<ChildProcess> child, pid_t last_pid)
      : child_(std::move(child)), last_pid_(last_pid) {}

  std::unique_ptr<ChildProcess> child_;
  pid_t last_pid_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SLEEPER_CROWD_H_
