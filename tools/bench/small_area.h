// The area "small": many short answers.

#ifndef TALLYMAN_TOOLS_BENCH_SMALL_AREA_H_
#define TALLYMAN_TOOLS_BENCH_SMALL_AREA_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {

// Makes a stack of ten processes, none of which runs; the path of its
// processes, whose list is a short answer.
absl::StatusOr<std::string> MakeSmallStack(harness::ApiClient& client);

// Adds a section: GET /stacks/{uid}/processes of a new stack of ten processes,
// beside a static file of the same size from nginx; wrk asks both in turn.
absl::Status MeasureSmall(const PerformanceRun& run, const BenchServer& server,
                          ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_SMALL_AREA_H_
