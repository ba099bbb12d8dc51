// The area "floor": what reading /proc costs, by its parts.

#ifndef TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_
#define TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: microseconds a process, in one thread, of the directory and
// of single files; opened each time, beside the same read from descriptors that
// are kept. `added` is how many processes were added to those of the machine.
absl::Status MeasureFloorParts(const PerformanceRun& run, int64_t added,
                               ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_FLOOR_AREA_H_
