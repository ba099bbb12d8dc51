#include "tools/bench/scaling_area.h"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/result_table.h"
#include "tools/bench/scale_timer.h"
#include "tools/bench/spawn_loop.h"
#include "tools/bench/statistics.h"

namespace tallyman::bench {
namespace {

// Between measurements: programs still load their libraries, the kernel frees
// pages, files are written.
constexpr absl::Duration kRest = absl::Milliseconds(200);
// Before idleness: the server writes counts of requests after a second.
constexpr absl::Duration kLongRest = absl::Seconds(3);

// Milliseconds, one sample of each per repetition.
struct Samples {
  std::vector<double> spawn;
  std::vector<double> end;
  std::vector<double> up_kernel;
  std::vector<double> up_finished;
  std::vector<double> down_kernel;
  std::vector<double> down_finished;
};

absl::Status MeasureOnce(const PerformanceRun& run, const BenchServer& server,
                         int64_t count, Samples& samples) {
  const absl::StatusOr<SpawnTimes> loop = MeasureSpawnLoop(count, kRest);
  if (!loop.ok()) return loop.status();
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  const absl::StatusOr<ScaleTimes> up =
      MeasureScaleUp(server, count, run.timeout);
  if (!up.ok()) return up.status();
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  const absl::StatusOr<ScaleTimes> down =
      MeasureScaleDown(server, count, run.timeout);
  if (!down.ok()) return down.status();
  samples.spawn.push_back(absl::ToDoubleMilliseconds(loop->start));
  samples.end.push_back(absl::ToDoubleMilliseconds(loop->stop));
  samples.up_kernel.push_back(absl::ToDoubleMilliseconds(up->kernel));
  samples.up_finished.push_back(absl::ToDoubleMilliseconds(up->finished));
  samples.down_kernel.push_back(absl::ToDoubleMilliseconds(down->kernel));
  samples.down_finished.push_back(absl::ToDoubleMilliseconds(down->finished));
  return Rest(kRest);
}

void Report(int64_t count, const Samples& samples, ResultTable& table) {
  const auto add = [&](std::string_view what,
                       const std::vector<double>& measured,
                       std::string_view against,
                       const std::vector<double>& beside, double max) {
    table.Add({.what = std::string(what),
               .unit = "ms",
               .measured = measured,
               .against = std::string(against),
               .beside = beside,
               .target = AtMost(max)});
  };
  table.BeginSection(absl::StrCat("SCALING: from 0 to ", ShowCount(count), " `",
                                  kSleepCommand, "` and back"));
  constexpr std::string_view kSpawn = "loop of posix_spawn";
  constexpr std::string_view kEnd = "loops of kill and waitid";
  add("up: all executed (kernel)", samples.up_kernel, kSpawn, samples.spawn,
      1.6);
  add("up: action finished", samples.up_finished, kSpawn, samples.spawn, 1.6);
  add("down: all gone (kernel)", samples.down_kernel, kEnd, samples.end, 4);
  add("down: action finished", samples.down_finished, kEnd, samples.end, 4);
}

// Of server and keeper, in this order.
struct Use {
  std::array<CpuUse, 2> cpu;
  std::array<int64_t, 2> pss_bytes = {};
};

absl::StatusOr<Use> ReadUse(const std::array<pid_t, 2>& pids) {
  Use use;
  for (size_t i = 0; i < pids.size(); ++i) {
    absl::StatusOr<CpuUse> cpu = ReadCpuUse(pids[i]);
    if (!cpu.ok()) return cpu.status();
    use.cpu[i] = *std::move(cpu);
    const absl::StatusOr<int64_t> pss_bytes = ReadPssBytes(pids[i]);
    if (!pss_bytes.ok()) return pss_bytes.status();
    use.pss_bytes[i] = *pss_bytes;
  }
  return use;
}

// A row with the sum of server and keeper.
Row SumRow(std::string what, std::string unit,
           const std::array<double, 2>& values, double max) {
  return {.what = std::move(what),
          .unit = std::move(unit),
          .measured = {values[0] + values[1]},
          .target = AtMost(max),
          .note = absl::StrCat("server ", ShowNumber(values[0]), ", keeper ",
                               ShowNumber(values[1]))};
}

}  // namespace

absl::Status MeasureScaling(const PerformanceRun& run,
                            const BenchServer& server, ResultTable& table) {
  // The server starts the keeper with the first instance.
  Samples warm_up;
  if (absl::Status once = MeasureOnce(run, server, 1, warm_up); !once.ok()) {
    return once;
  }
  for (const int64_t count : run.instances) {
    Samples samples;
    for (int i = 0; i <= run.repetitions; ++i) {
      run.progress(absl::StrCat("scaling to ", ShowCount(count), ": round ", i,
                                " of ", run.repetitions));
      // The first round warms up.
      const absl::Status once =
          MeasureOnce(run, server, count, i == 0 ? warm_up : samples);
      if (!once.ok()) return once;
    }
    Report(count, samples, table);
  }
  return absl::OkStatus();
}

absl::Status MeasureIdle(const PerformanceRun& run, BenchServer& server,
                         ResultTable& table) {
  constexpr double kMegabyte = 1e6;
  run.progress(absl::StrCat("idle: ", ShowCount(run.idle_instances),
                            " instances for ", absl::FormatDuration(run.idle)));
  const absl::StatusOr<ScaleTimes> up =
      MeasureScaleUp(server, run.idle_instances, run.timeout);
  if (!up.ok()) return up.status();
  const absl::StatusOr<pid_t> keeper = server.FindKeeper();
  if (!keeper.ok()) return keeper.status();
  const std::array<pid_t, 2> pids = {server.pid(), *keeper};
  if (absl::Status rested = Rest(kLongRest); !rested.ok()) return rested;
  const absl::StatusOr<Use> before = ReadUse(pids);
  if (!before.ok()) return before.status();
  if (absl::Status rested = Rest(run.idle); !rested.ok()) return rested;
  const absl::StatusOr<Use> after = ReadUse(pids);
  if (!after.ok()) return after.status();

  std::array<double, 2> milliseconds;
  std::array<double, 2> switches;
  std::array<double, 2> megabytes;
  for (size_t i = 0; i < pids.size(); ++i) {
    milliseconds[i] =
        absl::ToDoubleMilliseconds(after->cpu[i].clock - before->cpu[i].clock);
    switches[i] =
        static_cast<double>(SwitchesBetween(before->cpu[i], after->cpu[i]));
    megabytes[i] = static_cast<double>(after->pss_bytes[i]) / kMegabyte;
  }
  table.BeginSection(
      absl::StrCat("IDLE: ", ShowCount(run.idle_instances),
                   " instances, server and keeper together, for ",
                   absl::FormatDuration(run.idle)));
  table.Add(SumRow("processor time", "ms", milliseconds, 5));
  table.Add(SumRow("voluntary switches", "", switches, 3));
  table.Add(SumRow("memory (PSS)", "MB", megabytes, 40));
  run.progress("idle: ending the instances");
  return MeasureScaleDown(server, run.idle_instances, run.timeout).status();
}

}  // namespace tallyman::bench
