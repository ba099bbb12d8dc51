// How long an event takes to all clients that follow events, and what a stream
// costs.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_EVENTS_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_EVENTS_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: kStreamClients streams of GET /events, beside a loop of
// write(2) over as many sockets; their memory, and the server while all idle.
absl::Status MeasureEventStreams(const PerformanceRun& run, ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_EVENTS_H_
