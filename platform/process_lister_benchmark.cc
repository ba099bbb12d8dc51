// The cost of listing processes, on the live machine and with a recorded tree:
//
//   bazel run //platform:process_lister_benchmark
//
// The live figures depend on the number of processes, which `processes` shows.

#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

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

// The fields that GET /server/processes shows by default.
constexpr ProcessFields kUsualFields =
    ProcessFields(ProcessField::kName) | ProcessField::kArguments |
    ProcessField::kNumThreads | ProcessField::kState |
    ProcessField::kResidentBytes | ProcessField::kPeakResidentBytes |
    ProcessField::kUser | ProcessField::kStorageIo;

void ListRepeatedly(benchmark::State& state,
                    const ProcessLister::Options& options,
                    const ProcessQuery& query) {
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create(options);
  CHECK_OK(lister);
  // Fills the cache of open files.
  CHECK_OK((*lister)->List(query));
  size_t processes = 0;
  for (auto _ : state) {
    absl::StatusOr<ProcessSnapshot> snapshot = (*lister)->List(query);
    CHECK_OK(snapshot);
    processes = snapshot->processes().size();
    benchmark::DoNotOptimize(snapshot);
  }
  CHECK_GT(processes, size_t{0});
  state.counters["processes"] = static_cast<double>(processes);
  state.counters["kept"] = static_cast<double>((*lister)->kept_descriptors());
  state.counters["per_process"] =
      benchmark::Counter(static_cast<double>(processes),
                         benchmark::Counter::kIsIterationInvariantRate |
                             benchmark::Counter::kInvert);
}

// Raises the soft limit on open files to the hard limit: a larger cache.
void RaiseOpenFiles() {
  rlimit limit;
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void BM_ListLive(benchmark::State& state) {
  RaiseOpenFiles();
  ProcessLister::Options options = {.max_threads =
                                        static_cast<int>(state.range(0))};
  if (state.range(1) == 0) options.max_kept_descriptors = 0;
  ListRepeatedly(state, options, {.fields = kUsualFields});
}
BENCHMARK(BM_ListLive)
    ->ArgNames({"threads", "keep"})
    ->ArgsProduct({{1, 2}, {0, 1}})
    ->UseRealTime();

void BM_ListLiveFields(benchmark::State& state, ProcessFields fields) {
  ListRepeatedly(state, {.max_threads = 1}, {.fields = fields});
}
BENCHMARK_CAPTURE(BM_ListLiveFields, pid, ProcessFields())->UseRealTime();
BENCHMARK_CAPTURE(BM_ListLiveFields, memory, ProcessField::kResidentBytes)
    ->UseRealTime();
BENCHMARK_CAPTURE(BM_ListLiveFields, name, ProcessField::kName)->UseRealTime();
BENCHMARK_CAPTURE(BM_ListLiveFields, peak_memory,
                  ProcessField::kPeakResidentBytes)
    ->UseRealTime();

BENCHMARK_CAPTURE(BM_ListLiveFields, session, ProcessField::kSession)
    ->UseRealTime();
BENCHMARK_CAPTURE(BM_ListLiveFields, cgroup, ProcessField::kCgroup)
    ->UseRealTime();

// One process, chosen by its pid, and then by a condition.
void BM_ListLiveOne(benchmark::State& state) {
  ListRepeatedly(state, {.max_threads = 1},
                 {.fields = kUsualFields, .pids = {{1}}});
}
BENCHMARK(BM_ListLiveOne)->UseRealTime();

void BM_ListLiveNamed(benchmark::State& state) {
  ListRepeatedly(
      state, {.max_threads = 1},
      {.fields = kUsualFields,
       .condition = [](const Process& process) { return process.pid == 1; },
       .condition_fields = ProcessField::kName});
}
BENCHMARK(BM_ListLiveNamed)->UseRealTime();

void BM_ListLiveLargest(benchmark::State& state) {
  ListRepeatedly(state, {.max_threads = 1},
                 {.fields = kUsualFields,
                  .order =
                      [](const Process& a, const Process& b) {
                        return a.resident_bytes > b.resident_bytes;
                      },
                  .order_fields = ProcessField::kResidentBytes,
                  .limit = 10});
}
BENCHMARK(BM_ListLiveLargest)->UseRealTime();

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
  ListRepeatedly(state,
                 {.proc_root = tree.root(),
                  .max_threads = static_cast<int>(state.range(1))},
                 {});
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
