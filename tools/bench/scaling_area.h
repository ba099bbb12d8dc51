// The areas "scaling" and "idle": instances that start, end and keep running.

#ifndef TALLYMAN_TOOLS_BENCH_SCALING_AREA_H_
#define TALLYMAN_TOOLS_BENCH_SCALING_AREA_H_

#include "absl/status/status.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section for each number of `run.instances`: scales from 0 to it and
// back, beside a loop of posix_spawn(3), and loops of kill(2) and waitid(2).
absl::Status MeasureScaling(const PerformanceRun& run,
                            const BenchServer& server, ResultTable& table);

// Adds a section: processor time, context switches and memory of server and
// keeper with `run.idle_instances` instances while nothing changes.
absl::Status MeasureIdle(const PerformanceRun& run, BenchServer& server,
                         ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SCALING_AREA_H_
