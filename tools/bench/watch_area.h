// The area "watch": a watched list of processes, beside the list alone.

#ifndef TALLYMAN_TOOLS_BENCH_WATCH_AREA_H_
#define TALLYMAN_TOOLS_BENCH_WATCH_AREA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: the processor time of this process for a scan, its difference
// from the one before and the event of it, beside the scans alone; and the
// bytes of the event beside those of the list. `added` processes sleep (see
// sleeper_crowd.h); between two scans 1 % of them change their state.
absl::Status MeasureWatch(const PerformanceRun& run, int64_t added,
                          ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_WATCH_AREA_H_
