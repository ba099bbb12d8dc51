// The cost of rendering the metrics of many stacks: 1,000 of 10 processes with
// two instances each.
//
//   tools/bazel run //server/handlers:metrics_benchmark

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/metrics/metrics_format.h"
#include "api/metrics/metrics_writer.h"
#include "benchmark/benchmark.h"
#include "server/handlers/stack_metrics.h"
#include "server/testing/allocation_counter.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/registry/sqlite_registry.h"

namespace tallyman::server {
namespace {

constexpr char kHere[] = "e63e859d5ab72b0bcf14321f0ffb013d";

struct World {
  explicit World(int64_t stacks) {
    status.server_uid = kHere;
    for (int64_t s = 0; s < stacks; ++s) {
      auto stack = std::make_shared<stacks::Stack>();
      stack->id = s + 1;
      // Not in the order of the ids, as those of real stacks.
      stack->uid =
          absl::StrCat(absl::Hex(static_cast<uint64_t>(s) * 0x9e3779b97f4a7c15u,
                                 absl::kZeroPad16),
                       absl::Hex(s, absl::kZeroPad16));
      stack->name = absl::StrCat("customer-", s, "-shop");
      stack->environment = "production";
      for (int p = 0; p < 10; ++p) {
        auto process = std::make_shared<stacks::DesiredProcess>();
        process->definition.name = absl::StrCat("worker-", p);
        process->servers[kHere] = {.count = 2};
        auto now = std::make_shared<stacks::ProcessStatus>();
        now->running = 2;
        now->counts = {.restarts = 12, .exits = 3};
        for (int i = 1; i <= 2; ++i) {
          now->instances.push_back(
              {.number = i, .state = stacks::InstanceState::kRunning});
        }
        status.processes[{stack->uid, process->definition.name}] =
            std::move(now);
        stack->processes.push_back(std::move(process));
      }
      registry.stacks.push_back(std::move(stack));
    }
  }

  stacks::RegistrySnapshot registry;
  stacks::StatusSnapshot status;
};

void BM_StackMetrics(benchmark::State& state) {
  const World world(state.range(0));
  size_t bytes = 0;
  int64_t allocations = 0;
  for (auto _ : state) {
    const int64_t before = Allocations();
    api::MetricsWriter writer(api::MetricsFormat::kOpenMetrics);
    WriteStackMetrics(world.registry, world.status, writer);
    WriteActionMetrics(
        world.registry,
        [](stacks::ActionKind) { return stacks::EndedActions(); }, writer);
    const std::string text = std::move(writer).Finish();
    benchmark::DoNotOptimize(text.data());
    bytes = text.size();
    allocations = Allocations() - before;
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["allocations"] = static_cast<double>(allocations);
}
BENCHMARK(BM_StackMetrics)
    ->Arg(1)
    ->Arg(100)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tallyman::server
