// Latency among thousands of idle and slow connections.

#ifndef TALLYMAN_TOOLS_BENCH_CONNECTIONS_CROWD_H_
#define TALLYMAN_TOOLS_BENCH_CONNECTIONS_CROWD_H_

#include "absl/status/status.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"

namespace tallyman::bench {

// Adds a section: the 99th percentile of short answers to 16 clients while
// 10,000 connections are idle, 2,000 clients send a byte every five seconds,
// and 500 read a list of 5,000 processes slowly, beside the same without them.
absl::Status MeasureCrowd(const PerformanceRun& run, ResultTable& table);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_CONNECTIONS_CROWD_H_
