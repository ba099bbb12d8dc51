// The area "connections": many connections at once, slow clients, TLS.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_AREA_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_AREA_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section for a part, with servers of its own:
//
//   kCrowd   connections_crowd.h   latency among thousands of slow clients
//   kIdle    connections_idle.h    memory and time of idle connections
//   kKept    connections_peers.h   small answers beside nginx, also with TLS
//   kNew     connections_peers.h   a new connection for each request
//   kFollow  connections_follow.h  followers of a log
//   kEvents  connections_events.h  streams of events
absl::Status MeasureConnections(const PerformanceRun& run, ConnectionPart part,
                                ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_AREA_H_
