// The areas "listing" and "http": lists of all processes, by several programs.

#ifndef TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_
#define TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// The processes to be listed: those of the machine, and `added` sleeping ones
// (see sleeper_crowd.h), one of which has the pid `one_pid`.
struct Population {
  int64_t added = 0;
  pid_t one_pid = 0;
};

// Adds a section: the floor; the ProcessLister in process, beside the floor; ps
// and psutil; requests for parts of the list, beside the whole list.
absl::Status MeasureListing(const PerformanceRun& run,
                            const BenchServer& server,
                            const Population& population, ResultTable& table);

// Adds a section: one HTTP client beside the ProcessLister in process, and 16
// clients beside one.
absl::Status MeasureHttp(const PerformanceRun& run, const BenchServer& server,
                         const Population& population, ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LISTING_AREA_H_
