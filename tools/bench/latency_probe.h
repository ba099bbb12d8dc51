// How long answers take while something else happens.

#ifndef TALLYMAN_TOOLS_BENCH_LATENCY_PROBE_H_
#define TALLYMAN_TOOLS_BENCH_LATENCY_PROBE_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/api_client.h"
#include "tools/bench/bench_server.h"

namespace tallyman::bench {

// A thread that sends the same GET again and again, on a connection of its own,
// each one a millisecond after the answer to the one before.
class LatencyProbe {
 public:
  // It has had one answer already when this returns, which is not counted.
  static absl::StatusOr<std::unique_ptr<LatencyProbe>> Start(
      const BenchServer& server, std::string target);

  ~LatencyProbe();
  LatencyProbe(const LatencyProbe&) = delete;
  LatencyProbe& operator=(const LatencyProbe&) = delete;

  // Waits for the answer that is under way. Milliseconds of each, at least one;
  // or the error that ended it.
  absl::StatusOr<std::vector<double>> Finish();

 private:
  LatencyProbe(ApiClient client, std::string target);
  void Run();

  ApiClient client_;
  const std::string target_;
  std::atomic<bool> stop_ = false;
  // Of the thread until it has ended.
  absl::Status status_;
  std::vector<double> samples_;
  std::thread thread_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LATENCY_PROBE_H_
