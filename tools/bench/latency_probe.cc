#include "tools/bench/latency_probe.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/bench/api_client.h"
#include "tools/bench/bench_server.h"

namespace tallyman::bench {

absl::StatusOr<std::unique_ptr<LatencyProbe>> LatencyProbe::Start(
    const BenchServer& server, std::string target) {
  absl::StatusOr<ApiClient> client = server.Connect();
  if (!client.ok()) return client.status();
  if (auto first = client->Get(target); !first.ok()) return first.status();
  return absl::WrapUnique(
      new LatencyProbe(*std::move(client), std::move(target)));
}

LatencyProbe::LatencyProbe(ApiClient client, std::string target)
    : client_(std::move(client)),
      target_(std::move(target)),
      thread_([this] { Run(); }) {}

LatencyProbe::~LatencyProbe() { Finish().IgnoreError(); }

absl::StatusOr<std::vector<double>> LatencyProbe::Finish() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
  if (!status_.ok()) return status_;
  return samples_;
}

void LatencyProbe::Run() {
  using Clock = std::chrono::steady_clock;
  do {
    const Clock::time_point begin = Clock::now();
    const absl::StatusOr<std::string> answer = client_.Get(target_);
    if (!answer.ok()) {
      status_ = answer.status();
      return;
    }
    samples_.push_back(
        absl::ToDoubleMilliseconds(absl::FromChrono(Clock::now() - begin)));
    absl::SleepFor(absl::Milliseconds(1));
  } while (!stop_.load());
}

}  // namespace tallyman::bench
