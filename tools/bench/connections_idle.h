// The costs of idle connections.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_IDLE_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_IDLE_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: the memory of the server for each idle connection, and its
// processor time while nothing happens.
absl::Status MeasureIdleConnections(const PerformanceRun& run,
                                    ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_IDLE_H_
