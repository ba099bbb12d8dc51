// Clients that ask at a steady rate, and the latency of each answer.

#ifndef TALLYMAN_TOOLS_BENCH_PACED_CLIENTS_H_
#define TALLYMAN_TOOLS_BENCH_PACED_CLIENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

struct PacedOptions {
  int port = 0;
  // Sent in turn by each client.
  std::vector<std::string> requests;
  size_t clients = 16;
  double requests_per_second = 2000;  // Of all clients together.
  absl::Duration duration;
};

struct PacedResult {
  // Of each request, in the order of `requests`: from the moment when it was
  // sent to its last byte. If the answer before was not yet complete when the
  // request was due, from the moment when it was due: a slow answer delays the
  // requests behind it, and they count (no "coordinated omission").
  std::vector<std::vector<double>> milliseconds;
  // Statuses other than 200, and closed connections.
  int64_t failures = 0;
};

// Runs kept connections on the caller's thread, after a second that does not
// count. Cancelled after an interruption (see interruption.h). The rate must be
// far from what the processors can do: with saturated processors a latency is
// that of the scheduler.
absl::StatusOr<PacedResult> RunPacedClients(const PacedOptions& options);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PACED_CLIENTS_H_
