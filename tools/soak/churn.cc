#include "tools/soak/churn.h"

#include <cstdint>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/harness/api_client.h"
#include "tools/soak/problem_list.h"

namespace tallyman::soak {
namespace {

constexpr int kSlicesPerScale = 20;
constexpr absl::Duration kSlice = absl::Milliseconds(100);

}  // namespace

Churn::Churn(const bench::BenchServer& server, int64_t instances,
             ProblemList& problems)
    : server_(server),
      instances_(instances),
      problems_(problems),
      thread_([this] { Run(); }) {}

Churn::~Churn() {
  is_ending_ = true;
  thread_.join();
}

void Churn::Run() {
  harness::ApiClient client = server_.Client();
  // The same counts in each run.
  std::minstd_rand random;  // NOLINT(cert-msc51-cpp)
  std::uniform_int_distribution<int64_t> count(instances_ / 2, instances_);
  const std::string stack = absl::StrCat("/stacks/", server_.stack_uid());
  for (int64_t slice = 0; !is_ending_; ++slice) {
    absl::SleepFor(kSlice);
    if (slice % kSlicesPerScale != 0) continue;
    absl::Status status = server_.Scale(client, count(random)).status();
    for (const char* const list : {"/processes", "/actions", "/events"}) {
      status.Update(client.Get(stack + list).status());
    }
    if (status.ok()) {
      ++scales_;
    } else {
      problems_.Add(absl::StrCat("scaling: ", status.message()));
    }
  }
}

}  // namespace tallyman::soak
