// What all areas of the driver `performance` are given.

#ifndef TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_
#define TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::bench {

struct PerformanceRun {
  // Paths of what was built along.
  std::string server;
  std::string sleepers;
  std::string enumerator;
  std::string psutil_lister;

  // Where the server's data directory is made; "": where temporary files
  // belong.
  std::string parent_directory;

  int repetitions = 5;
  absl::Duration load;     // How long a rate is measured.
  absl::Duration idle;     // How long idleness is watched.
  absl::Duration timeout;  // Of one scale.
  std::vector<int64_t> instances;
  int64_t idle_instances = 0;

  // Tells people what is going on.
  std::function<void(std::string_view)> progress;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PERFORMANCE_RUN_H_
