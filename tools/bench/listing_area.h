// The areas "listing" and "http": all processes, by whom they can be listed.

#ifndef TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_
#define TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// What there is to list: `added` sleeping processes (see sleeper_crowd.h), of
// which one has the pid `one_pid`, and all others of the machine.
struct Population {
  int64_t added = 0;
  pid_t one_pid = 0;
};

// Adds a section: the floor, the product's lister in process beside it, ps and
// psutil beside that, and requests of the server that ask for less.
absl::Status MeasureListing(const PerformanceRun& run,
                            const BenchServer& server,
                            const Population& population, ResultTable& table);

// Adds a section: one client beside the lister in process, and 16 clients
// beside one.
absl::Status MeasureHttp(const PerformanceRun& run, const BenchServer& server,
                         const Population& population, ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_
