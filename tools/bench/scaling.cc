// What scaling costs: times beside those of a loop of posix_spawn(3), memory of
// server and keeper with many instances, how long answers take while they
// start, and what server and keeper do while nothing changes. Starts a server
// of its own and leaves nothing behind.
//
//   tools/bazel run //tools/bench:scaling

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/interruption.h"
#include "tools/bench/latency_probe.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/report.h"
#include "tools/bench/runfiles.h"
#include "tools/bench/scale_timer.h"
#include "tools/bench/spawn_loop.h"

ABSL_FLAG(std::string, server, "server/server",
          "The server's binary. The default is the one that was built along "
          "with this program.");
ABSL_FLAG(std::string, dir, "",
          "Where the server's data directory is made, for as long as this "
          "runs: its file system matters. Empty: $TMPDIR, or /tmp.");
ABSL_FLAG(std::vector<std::string>, counts,
          (std::vector<std::string>{"1", "10", "100"}),
          "Numbers of instances to scale to, from 0 and back.");
ABSL_FLAG(int, repetitions, 5, "How often each of --counts is measured.");
ABSL_FLAG(
    int64_t, instances, 1000,
    "Instances for memory, idleness and answers meanwhile; 0 leaves these "
    "out.");
ABSL_FLAG(absl::Duration, idle, absl::Seconds(10),
          "How long the server is watched while nothing changes.");
ABSL_FLAG(absl::Duration, timeout, absl::Minutes(5),
          "How long one scale may take.");

namespace tallyman::bench {
namespace {

// Between two steps, for what is still under way: programs that load their
// libraries, pages that are given back, files that are written.
constexpr absl::Duration kRest = absl::Milliseconds(200);
// Before nothing is expected to change: counts of requests are written after a
// second.
constexpr absl::Duration kLongRest = absl::Seconds(3);

// What the API allows.
constexpr int64_t kMaxInstances = 1000;

// Milliseconds of one number of instances.
struct Samples {
  int64_t count = 0;
  std::vector<double> spawn_start;
  std::vector<double> spawn_stop;
  std::vector<double> up_kernel;
  std::vector<double> up_finished;
  std::vector<double> down_kernel;
  std::vector<double> down_finished;
};

double Mebibytes(int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

class Benchmark {
 public:
  Benchmark(std::vector<int64_t> counts, BenchServer& server)
      : counts_(std::move(counts)), server_(server) {}

  absl::Status Run();

  // What was measured so far.
  std::string Text() const { return report_.Text(); }

 private:
  // One round of everything with that number.
  absl::Status MeasureOnce(Samples& samples);
  absl::Status MeasureLoop(Samples& samples);
  absl::Status MeasureUp(Samples& samples);
  absl::Status MeasureDown(Samples& samples);

  absl::Status MeasureCounts();
  absl::Status MeasureMany(int64_t count);
  absl::Status MeasureMemory(int64_t count, std::string_view when);
  absl::Status MeasureAnswers(int64_t count);
  absl::Status MeasureIdle(int64_t count);
  void AddTimes(const Samples& samples);

  const std::vector<int64_t> counts_;
  BenchServer& server_;
  pid_t keeper_pid_ = -1;
  Report report_;
};

absl::Status Benchmark::Run() {
  // The keeper is started with the first instance.
  Samples warm_up = {.count = 1};
  if (absl::Status once = MeasureOnce(warm_up); !once.ok()) return once;
  const absl::StatusOr<pid_t> keeper = server_.FindKeeper();
  if (!keeper.ok()) return keeper.status();
  keeper_pid_ = *keeper;
  const int64_t many = absl::GetFlag(FLAGS_instances);
  absl::Status status;
  if (many > 0) status = MeasureMemory(0, "at first");
  if (status.ok()) status = MeasureCounts();
  if (status.ok() && many > 0) status = MeasureMany(many);
  return status;
}

absl::Status Benchmark::MeasureOnce(Samples& samples) {
  absl::Status status = MeasureLoop(samples);
  if (status.ok()) status = MeasureUp(samples);
  if (status.ok()) status = MeasureDown(samples);
  return status;
}

absl::Status Benchmark::MeasureLoop(Samples& samples) {
  const absl::StatusOr<SpawnTimes> times =
      MeasureSpawnLoop(samples.count, kRest);
  if (!times.ok()) return times.status();
  samples.spawn_start.push_back(absl::ToDoubleMilliseconds(times->start));
  samples.spawn_stop.push_back(absl::ToDoubleMilliseconds(times->stop));
  return Rest(kRest);
}

absl::Status Benchmark::MeasureUp(Samples& samples) {
  const absl::StatusOr<ScaleTimes> times =
      MeasureScaleUp(server_, samples.count, absl::GetFlag(FLAGS_timeout));
  if (!times.ok()) return times.status();
  samples.up_kernel.push_back(absl::ToDoubleMilliseconds(times->kernel));
  samples.up_finished.push_back(absl::ToDoubleMilliseconds(times->finished));
  return Rest(kRest);
}

absl::Status Benchmark::MeasureDown(Samples& samples) {
  const absl::StatusOr<ScaleTimes> times =
      MeasureScaleDown(server_, samples.count, absl::GetFlag(FLAGS_timeout));
  if (!times.ok()) return times.status();
  samples.down_kernel.push_back(absl::ToDoubleMilliseconds(times->kernel));
  samples.down_finished.push_back(absl::ToDoubleMilliseconds(times->finished));
  return Rest(kRest);
}

absl::Status Benchmark::MeasureCounts() {
  std::vector<Samples> all;
  all.reserve(counts_.size());
  for (const int64_t count : counts_) all.push_back({.count = count});
  // A first round that does not count, then all numbers in turn.
  for (int i = 0; i <= absl::GetFlag(FLAGS_repetitions); ++i) {
    for (Samples& samples : all) {
      if (i == 1) samples = {.count = samples.count};
      if (absl::Status once = MeasureOnce(samples); !once.ok()) return once;
    }
  }
  for (const Samples& samples : all) AddTimes(samples);
  return absl::OkStatus();
}

absl::Status Benchmark::MeasureMany(int64_t count) {
  Samples samples = {.count = count};
  absl::Status status = MeasureLoop(samples);
  if (status.ok()) status = MeasureUp(samples);
  if (status.ok()) status = MeasureIdle(count);
  if (status.ok()) status = MeasureMemory(count, "with all");
  if (status.ok()) status = MeasureDown(samples);
  if (!status.ok()) return status;
  AddTimes(samples);
  status = MeasureMemory(0, "afterwards");
  if (status.ok()) status = MeasureAnswers(count);
  return status;
}

absl::Status Benchmark::MeasureMemory(int64_t count, std::string_view when) {
  if (absl::Status rested = Rest(kLongRest); !rested.ok()) return rested;
  for (const auto& [who, pid] :
       {std::pair("server", server_.pid()), std::pair("keeper", keeper_pid_)}) {
    const absl::StatusOr<MemoryUse> use = ReadMemoryUse(pid);
    if (!use.ok()) return use.status();
    report_.Add(Group::kMemory,
                absl::StrCat("memory ", when, ": ", who, ", PSS"), count, "MiB",
                {Mebibytes(use->pss_bytes)});
    report_.Add(Group::kMemory,
                absl::StrCat("memory ", when, ": ", who, ", RSS"), count, "MiB",
                {Mebibytes(use->rss_bytes)});
  }
  return absl::OkStatus();
}

absl::Status Benchmark::MeasureAnswers(int64_t count) {
  const std::string processes =
      absl::StrCat("/stacks/", server_.stack_uid(), "/processes");
  auto of_stack = LatencyProbe::Start(server_, processes);
  if (!of_stack.ok()) return of_stack.status();
  auto of_host = LatencyProbe::Start(server_, "/server/processes?limit=1");
  if (!of_host.ok()) return of_host.status();
  Samples samples = {.count = count};
  if (absl::Status up = MeasureUp(samples); !up.ok()) return up;
  const auto of_stack_ms = (*of_stack)->Finish();
  if (!of_stack_ms.ok()) return of_stack_ms.status();
  const auto of_host_ms = (*of_host)->Finish();
  if (!of_host_ms.ok()) return of_host_ms.status();
  report_.Add(Group::kAnswers, "while asked, start: action finished", count,
              "ms", samples.up_finished);
  report_.Add(Group::kAnswers, "while starting: GET /stacks/{uid}/processes",
              count, "ms", *of_stack_ms);
  report_.Add(Group::kAnswers, "while starting: GET /server/processes?limit=1",
              count, "ms", *of_host_ms);
  return MeasureDown(samples);
}

absl::Status Benchmark::MeasureIdle(int64_t count) {
  if (absl::Status rested = Rest(kLongRest); !rested.ok()) return rested;
  const absl::Duration idle = absl::GetFlag(FLAGS_idle);
  const std::array<std::pair<std::string_view, pid_t>, 2> processes = {
      {{"server", server_.pid()}, {"keeper", keeper_pid_}}};
  std::array<CpuUse, processes.size()> before;
  for (size_t i = 0; i < processes.size(); ++i) {
    absl::StatusOr<CpuUse> use = ReadCpuUse(processes[i].second);
    if (!use.ok()) return use.status();
    before[i] = *std::move(use);
  }
  if (absl::Status rested = Rest(idle); !rested.ok()) return rested;
  for (size_t i = 0; i < processes.size(); ++i) {
    const absl::StatusOr<CpuUse> after = ReadCpuUse(processes[i].second);
    if (!after.ok()) return after.status();
    const std::string what =
        absl::StrCat("idle for ", absl::FormatDuration(idle), ": ",
                     processes[i].first, ", ");
    report_.Add(Group::kIdle, absl::StrCat(what, "utime + stime (ticks)"),
                count, "ms",
                {absl::ToDoubleMilliseconds(after->ticks - before[i].ticks)});
    report_.Add(Group::kIdle, absl::StrCat(what, "processor clock"), count,
                "ms",
                {absl::ToDoubleMilliseconds(after->clock - before[i].clock)});
    report_.Add(Group::kIdle, absl::StrCat(what, "voluntary switches"), count,
                "", {static_cast<double>(SwitchesBetween(before[i], *after))});
  }
  return absl::OkStatus();
}

void Benchmark::AddTimes(const Samples& samples) {
  const auto add = [&](std::string_view what, const std::vector<double>& values,
                       const std::vector<double>& floor) {
    report_.Add(Group::kTimes, what, samples.count, "ms", values, &floor);
  };
  add("start: loop of posix_spawn", samples.spawn_start, samples.spawn_start);
  add("start: Tallyman, all executed (kernel)", samples.up_kernel,
      samples.spawn_start);
  add("start: Tallyman, action finished", samples.up_finished,
      samples.spawn_start);
  add("stop: loops of kill and waitid", samples.spawn_stop, samples.spawn_stop);
  add("stop: Tallyman, all gone (kernel)", samples.down_kernel,
      samples.spawn_stop);
  add("stop: Tallyman, action finished", samples.down_finished,
      samples.spawn_stop);
}

absl::StatusOr<std::vector<int64_t>> ParseCounts(
    const std::vector<std::string>& texts) {
  std::vector<int64_t> counts;
  counts.reserve(texts.size());
  for (const std::string& text : texts) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(text, &count) || count < 1 || count > kMaxInstances) {
      return absl::InvalidArgumentError(
          absl::StrCat("--counts: \"", text, "\" is not a number from 1 to ",
                       kMaxInstances));
    }
    counts.push_back(count);
  }
  return counts;
}

absl::Status CheckFlags() {
  const int64_t instances = absl::GetFlag(FLAGS_instances);
  if (instances < 0 || instances > kMaxInstances) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--instances: ", instances, " is not from 0 to ", kMaxInstances));
  }
  if (absl::GetFlag(FLAGS_repetitions) < 1) {
    return absl::InvalidArgumentError("--repetitions: is less than 1");
  }
  if (absl::GetFlag(FLAGS_idle) <= absl::ZeroDuration() ||
      absl::GetFlag(FLAGS_timeout) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--idle, --timeout: are not more than 0");
  }
  return absl::OkStatus();
}

absl::Status Run() {
  if (absl::Status valid = CheckFlags(); !valid.ok()) return valid;
  absl::StatusOr<std::vector<int64_t>> counts =
      ParseCounts(absl::GetFlag(FLAGS_counts));
  if (!counts.ok()) return counts.status();
  const absl::StatusOr<std::string> program =
      FindProgram(absl::GetFlag(FLAGS_server), "--server");
  if (!program.ok()) return program.status();
  NoteInterruptions();
  const std::string machine = DescribeMachine();
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start(*program, absl::GetFlag(FLAGS_dir), kSleepCommand);
  if (!server.ok()) return server.status();
  Benchmark benchmark(*std::move(counts), **server);
  absl::Status status = benchmark.Run();
  const absl::Status stopped = (*server)->Stop();
  if (!status.ok() && !stopped.ok()) {
    std::cerr << "scaling: stopping the server: " << stopped.message() << "\n";
  }
  status.Update(stopped);
  if (!status.ok()) return status;
  std::cout << "`" << kSleepCommand
            << "`, from 0 to so many instances and back; "
            << "x: as a multiple of the loop\n\n"
            << benchmark.Text() << "\nbefore: " << machine
            << "\nafter:  " << DescribeMachine() << "\n";
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures what scaling costs, with a server of its own.\n\n"
      "  scaling [--counts=1,10,100] [--repetitions=5] [--instances=1000] "
      "[--idle=10s]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const absl::Status status =
      arguments.size() > 1
          ? absl::InvalidArgumentError(absl::StrCat(
                "\"", std::string_view(arguments[1]), "\" is not a flag"))
          : Run();
  if (status.ok()) return 0;
  std::cerr << "scaling: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tallyman::bench

int main(int argc, char** argv) { return tallyman::bench::Main(argc, argv); }
