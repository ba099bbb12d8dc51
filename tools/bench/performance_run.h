// The parameters of a run of the driver `performance`, for all its areas.

#ifndef TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_
#define TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::bench {

// Parts of the area "connections".
enum class ConnectionPart : uint8_t {
  kCrowd,
  kIdle,
  kKept,
  kNew,
  kFollow,
  kEvents,
};

struct PerformanceRun {
  // Paths of files that were built along with the driver.
  std::string server;
  std::string sleepers;
  std::string enumerator;
  std::string psutil_lister;

  // The server's data directory is made below; "": $TMPDIR, or /tmp.
  std::string parent_directory;

  int repetitions = 5;
  absl::Duration load;     // Duration of one measurement of a rate.
  absl::Duration idle;     // Duration of the measurement of idleness.
  absl::Duration timeout;  // Limit of one scale.
  std::vector<int64_t> instances;
  int64_t idle_instances = 0;

  // Of the area "connections".
  std::set<ConnectionPart> connection_parts;
  absl::Duration crowd;  // Duration of one measurement among a crowd.

  // Prints the progress for people.
  std::function<void(std::string_view)> progress;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_
