// A new connection with a resumed TLS session for each request. wrk resumes no
// session.

#ifndef TALLYMAN_TOOLS_BENCH_RESUMED_LOAD_H_
#define TALLYMAN_TOOLS_BENCH_RESUMED_LOAD_H_

#include "absl/status/statusor.h"
#include "tools/bench/http_load.h"

namespace tallyman::bench {

// The requests per second that `clients` make together; each has a thread.
// Connects, resumes the session of its last connection, sends the request with
// "Connection: close", and reads to the end. An error unless each status is 200
// and each connection after a client's first is resumed.
absl::StatusOr<double> MeasureResumedRate(const HttpTarget& target, int clients,
                                          int seconds);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_RESUMED_LOAD_H_
