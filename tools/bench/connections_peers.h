// Small answers beside nginx: many kept connections, TLS, new connections.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_PEERS_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_PEERS_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Each adds a section. nginx serves a file of the same size with two workers;
// with TLS both have the same certificate and TLS 1.3. Without nginx there are
// no ratios, without wrk no figures of wrk.

// 16, 256 and 1,000 kept connections, plain and with TLS.
absl::Status MeasureKeptConnections(const PerformanceRun& run,
                                    ResultTable& table);

// A new connection for each request, plain and with a resumed TLS session.
absl::Status MeasureNewConnections(const PerformanceRun& run,
                                   ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_PEERS_H_
