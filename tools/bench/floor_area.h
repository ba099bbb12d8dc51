// The area "floor": the cost of reading /proc, by its parts.

#ifndef TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_
#define TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: microseconds per process, in one thread, of listing the
// directory and of reading single files: opened each time, beside reads from
// descriptors that stay open. `added`: the number of processes that were added
// to those of the machine.
absl::Status MeasureFloorParts(const PerformanceRun& run, int64_t added,
                               ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_
