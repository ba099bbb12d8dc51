// The cost of rendering a list of processes. Reads processes from a recorded
// tree and repeats them:
//
//   bazel run //api/host:host_envelope_benchmark

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/host_envelope.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "api/redaction/redaction.h"
#include "benchmark/benchmark.h"
#include "platform/process.h"
#include "platform/process_lister.h"

namespace tallyman::api {
namespace {

void Render(benchmark::State& state, const Redactor& redactor) {
  absl::StatusOr<std::unique_ptr<platform::ProcessLister>> lister =
      platform::ProcessLister::Create({.proc_root = "testdata/proc"});
  CHECK_OK(lister);
  const absl::StatusOr<platform::ProcessSnapshot> snapshot =
      (*lister)->List({});
  CHECK_OK(snapshot);
  std::vector<platform::Process> processes;
  while (static_cast<int64_t>(processes.size()) < state.range(0)) {
    for (const platform::Process& process : snapshot->processes()) {
      processes.push_back(process);
    }
  }
  const auto query = ProcessListQuery::Parse(Params());
  CHECK_OK(query);
  int64_t bytes = 0;
  for (auto _ : state) {
    const std::string text = RenderProcesses(
        processes, query->keys(),
        {.redactor = redactor, .zone = absl::LocalTimeZone()}, absl::Now());
    bytes += static_cast<int64_t>(text.size());
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(processes.size()));
}

void BM_RenderProcesses(benchmark::State& state) {
  const auto redactor = Redactor::Create(DefaultSecretNames());
  CHECK_OK(redactor);
  Render(state, **redactor);
}
BENCHMARK(BM_RenderProcesses)->Arg(100)->Arg(5000);

void BM_RenderProcessesUnredacted(benchmark::State& state) {
  Render(state, *Redactor::Disabled());
}
BENCHMARK(BM_RenderProcessesUnredacted)->Arg(5000);

}  // namespace
}  // namespace tallyman::api
