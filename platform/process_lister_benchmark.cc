// What listing costs, on the live machine and on a recorded tree:
//
//   bazel run //platform:process_lister_benchmark
//
// The live figures depend on what runs; `processes` says how many there were.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "platform/linux/proc_text.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/proc_tree.h"

namespace tallyman::platform {
namespace {

void ListRepeatedly(benchmark::State& state, const std::string& root,
                    const ProcessQuery& query, int max_threads) {
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create({.proc_root = root, .max_threads = max_threads});
  CHECK_OK(lister);
  size_t processes = 0;
  for (auto _ : state) {
    absl::StatusOr<ProcessSnapshot> snapshot = (*lister)->List(query);
    CHECK_OK(snapshot);
    processes = snapshot->processes().size();
    benchmark::DoNotOptimize(snapshot);
  }
  CHECK_GT(processes, size_t{0});
  state.counters["processes"] = static_cast<double>(processes);
  state.counters["per_process"] =
      benchmark::Counter(static_cast<double>(processes),
                         benchmark::Counter::kIsIterationInvariantRate |
                             benchmark::Counter::kInvert);
}

void BM_ListLive(benchmark::State& state) {
  ListRepeatedly(state, "/proc", {}, static_cast<int>(state.range(0)));
}
BENCHMARK(BM_ListLive)->ArgName("threads")->Arg(1)->Arg(0)->UseRealTime();

void BM_ListLiveNames(benchmark::State& state) {
  ListRepeatedly(state, "/proc", {.fields = ProcessField::kName, .pids = {}},
                 1);
}
BENCHMARK(BM_ListLiveNames)->UseRealTime();

void BM_ListLiveOne(benchmark::State& state) {
  ListRepeatedly(state, "/proc", {.pids = {{1}}}, 1);
}
BENCHMARK(BM_ListLiveOne)->UseRealTime();

// The processes of testdata/proc, repeated until there are `count`.
void BM_ListRecorded(benchmark::State& state) {
  const ProcTree tree;
  const std::filesystem::path root(tree.root());
  int32_t pid = 0;
  while (pid < state.range(0)) {
    for (const auto& entry :
         std::filesystem::directory_iterator("testdata/proc")) {
      if (!entry.is_directory() || pid >= state.range(0)) continue;
      const std::filesystem::path copy = root / absl::StrCat(++pid);
      std::filesystem::copy(entry.path(), copy);
    }
  }
  ListRepeatedly(state, tree.root(), {}, static_cast<int>(state.range(1)));
}
BENCHMARK(BM_ListRecorded)
    ->ArgNames({"count", "threads"})
    ->ArgsProduct({{100, 1000}, {1, 0}})
    ->UseRealTime();

void BM_ParseStatus(benchmark::State& state) {
  std::ifstream file("/proc/self/status");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  for (auto _ : state) benchmark::DoNotOptimize(ParseStatus(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ParseStatus);

}  // namespace
}  // namespace tallyman::platform
