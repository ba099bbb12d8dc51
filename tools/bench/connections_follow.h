// The cost of a line of output for each client that follows a log.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_FOLLOW_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_FOLLOW_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: 1,000 followers of one log, beside a loop of write(2) over as
// many sockets.
absl::Status MeasureFollowers(const PerformanceRun& run, ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_FOLLOW_H_
