#include "tools/bench/connections_crowd.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/bench/paced_clients.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/result_table.h"
#include "tools/bench/sleeper_crowd.h"
#include "tools/bench/small_area.h"
#include "tools/bench/spawn_loop.h"
#include "tools/bench/statistics.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/crowd.h"
#include "tools/crowd/crowd_client.h"
#include "tools/crowd/idle_connections.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

constexpr int64_t kProcesses = 5'000;
constexpr size_t kIdle = 10'000;
constexpr size_t kSlowHeads = 1'000;
constexpr size_t kSlowBodies = 1'000;
constexpr size_t kSlowReaders = 500;
constexpr absl::Duration kByteInterval = absl::Seconds(5);
// Twice --min_bytes_per_second.
constexpr size_t kReadPerSecond = size_t{8} << 10;
constexpr double kRequestsPerSecond = 2'000;
constexpr double kP99 = 0.99;
constexpr absl::Duration kSettleTimeout = absl::Seconds(60);
constexpr absl::Duration kRest = absl::Seconds(2);
constexpr double kMegabyte = 1e6;

constexpr std::string_view kHealth = "/healthz";

struct Samples {
  std::vector<double> health;  // 99th percentiles in milliseconds.
  std::vector<double> list;
};

// What was seen while the crowd was there.
struct Observations {
  std::vector<double> refused;
  std::vector<double> threads;
  std::vector<double> resident_megabytes;
  std::vector<double> server_cpu_percent;
  std::vector<double> crowd_cpu_percent;
  std::string problem;  // "": none.
  int64_t deadline_ends = 0;
  int64_t body_bytes = 0;
};

class CrowdMeasurement {
 public:
  CrowdMeasurement(const PerformanceRun& run, const BenchServer& server,
                   std::string small_path)
      : run_(run), server_(server), small_path_(std::move(small_path)) {}

  // One round: without the crowd, then with it.
  absl::Status MeasureRound();

  void Report(ResultTable& table);

 private:
  // The number of failures.
  absl::StatusOr<int64_t> MeasureLatency(Samples& samples);
  absl::Status MeasureAmongCrowd();

  std::string RequestOf(std::string_view path) const {
    return crowd::GetRequest(path, server_.Target(path).token);
  }
  std::vector<crowd::ClientGroup> Groups() const;

  const PerformanceRun& run_;
  const BenchServer& server_;
  const std::string small_path_;
  Samples alone_;
  Samples among_;
  Observations seen_;
};

absl::StatusOr<int64_t> CrowdMeasurement::MeasureLatency(Samples& samples) {
  absl::StatusOr<PacedResult> result =
      RunPacedClients({.port = server_.Target(kHealth).port,
                       .requests = {RequestOf(kHealth), RequestOf(small_path_)},
                       .requests_per_second = kRequestsPerSecond,
                       .duration = run_.crowd});
  if (!result.ok()) return result.status();
  if (result->milliseconds[0].empty() || result->milliseconds[1].empty()) {
    return absl::InternalError("the server gave no answer with status 200");
  }
  samples.health.push_back(
      Percentile(std::move(result->milliseconds[0]), kP99));
  samples.list.push_back(Percentile(std::move(result->milliseconds[1]), kP99));
  return result->failures;
}

std::vector<crowd::ClientGroup> CrowdMeasurement::Groups() const {
  const HttpTarget target = server_.Target(kHealth);
  const crowd::ClientGroup heads = {
      .kind = crowd::ClientKind::kSlowSender,
      .port = target.port,
      .count = kSlowHeads,
      .interval = kByteInterval,
      .request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "};
  crowd::ClientGroup bodies = heads;
  bodies.count = kSlowBodies;
  bodies.request = absl::StrCat(
      "POST /stacks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ",
      target.token,
      "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
  bodies.trickle = ' ';
  const crowd::ClientGroup readers = {.kind = crowd::ClientKind::kSlowReader,
                                      .port = target.port,
                                      .count = kSlowReaders,
                                      .request = RequestOf("/server/processes"),
                                      .bytes_per_turn = kReadPerSecond};
  return {heads, bodies, readers};
}

absl::Status CrowdMeasurement::MeasureAmongCrowd() {
  const absl::StatusOr<crowd::IdleConnections> idle =
      crowd::IdleConnections::Open(server_.Target(kHealth).port,
                                   RequestOf(kHealth), kIdle);
  if (!idle.ok()) return idle.status();
  const absl::StatusOr<std::unique_ptr<crowd::Crowd>> crowd =
      crowd::Crowd::Start(Groups(), {.niceness = 19});
  if (!crowd.ok()) return crowd.status();
  if (absl::Status settled = (*crowd)->AwaitSettled(kSettleTimeout);
      !settled.ok()) {
    return settled;
  }
  const absl::StatusOr<CpuUse> before = ReadCpuUse(server_.pid());
  if (!before.ok()) return before.status();
  const absl::Duration crowd_before = (*crowd)->cpu_time();
  const absl::Time begin = absl::Now();
  const absl::StatusOr<int64_t> failures = MeasureLatency(among_);
  if (!failures.ok()) return failures.status();
  const absl::Duration elapsed = absl::Now() - begin;
  const absl::StatusOr<CpuUse> after = ReadCpuUse(server_.pid());
  if (!after.ok()) return after.status();
  const absl::StatusOr<ProcSize> size = ReadProcSize(server_.pid());
  if (!size.ok()) return size.status();

  const crowd::CrowdCounts& counts = (*crowd)->counts();
  const size_t closed = idle->CountClosed();
  seen_.refused.push_back(
      static_cast<double>(*failures + static_cast<int64_t>(closed) +
                          counts.problems.load() + counts.refusals.load()));
  seen_.threads.push_back(static_cast<double>(size->threads));
  seen_.resident_megabytes.push_back(static_cast<double>(size->resident_bytes) /
                                     kMegabyte);
  seen_.server_cpu_percent.push_back(
      absl::FDivDuration(after->clock - before->clock, elapsed) * 100);
  seen_.crowd_cpu_percent.push_back(
      absl::FDivDuration((*crowd)->cpu_time() - crowd_before, elapsed) * 100);
  seen_.deadline_ends = counts.deadline_ends;
  seen_.body_bytes = counts.body_bytes;
  if (seen_.problem.empty() && seen_.refused.back() > 0) {
    seen_.problem = absl::StrCat(
        *failures, " of the busy clients, ", closed, " idle, ",
        counts.refusals.load(), " refusals and ", counts.problems.load(),
        " problems of the slow; ", counts.first_problem());
  }
  return absl::OkStatus();
}

absl::Status CrowdMeasurement::MeasureRound() {
  const absl::StatusOr<int64_t> failures = MeasureLatency(alone_);
  if (!failures.ok()) return failures.status();
  if (*failures > 0) {
    return absl::InternalError(
        absl::StrCat(*failures, " requests failed without a crowd"));
  }
  if (absl::Status among = MeasureAmongCrowd(); !among.ok()) return among;
  // The server closes its ends.
  return Rest(kRest);
}

void CrowdMeasurement::Report(ResultTable& table) {
  table.BeginSection(absl::StrCat(
      "CROWD: ", ShowCount(kIdle), " idle connections, ",
      ShowCount(kSlowHeads + kSlowBodies), " clients that send a byte every ",
      absl::FormatDuration(kByteInterval), ", ", ShowCount(kSlowReaders),
      " that read a list of ", ShowCount(kProcesses), " processes with ",
      kReadPerSecond >> 10, " KiB/s, for ", absl::FormatDuration(run_.crowd)));
  const std::string paced = absl::StrCat(
      "16 clients, ", kRequestsPerSecond,
      " requests/s on a schedule: at the limit of the processors p99 would be "
      "that of the scheduler");
  table.Add({.what = "GET /healthz, 99th percentile",
             .unit = "ms",
             .measured = std::move(among_.health),
             .against = "without the crowd",
             .beside = std::move(alone_.health),
             .target = AtMost(1.5),
             .note = paced});
  table.Add({.what = "GET /stacks/{uid}/processes, 99th percentile",
             .unit = "ms",
             .measured = std::move(among_.list),
             .against = "without the crowd",
             .beside = std::move(alone_.list),
             .target = AtMost(1.5)});
  table.Add({.what = "refused, closed or failed",
             .measured = std::move(seen_.refused),
             .target = AtMost(0),
             .note = seen_.problem});
  table.Add(
      {.what = "threads of the server", .measured = std::move(seen_.threads)});
  table.Add({.what = "memory of the server (RSS)",
             .unit = "MB",
             .measured = std::move(seen_.resident_megabytes)});
  table.Add({.what = "processor time of the server",
             .unit = "%",
             .measured = std::move(seen_.server_cpu_percent)});
  table.Add({.what = "processor time of the crowd's thread",
             .unit = "%",
             .measured = std::move(seen_.crowd_cpu_percent),
             .note = absl::StrCat("in the last round ", seen_.deadline_ends,
                                  " slow senders met a deadline, and ",
                                  seen_.body_bytes / 1'000'000,
                                  " MB were read slowly")});
}

absl::Status MeasureRounds(const PerformanceRun& run, BenchServer& server,
                           ResultTable& table) {
  harness::ApiClient client = server.Client();
  absl::StatusOr<std::string> path = MakeSmallStack(client);
  if (!path.ok()) return path.status();
  CrowdMeasurement measurement(run, server, *std::move(path));
  for (int i = 1; i <= run.repetitions; ++i) {
    run.progress(absl::StrCat("crowd: round ", i, " of ", run.repetitions));
    if (absl::Status round = measurement.MeasureRound(); !round.ok()) {
      return round;
    }
  }
  measurement.Report(table);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureCrowd(const PerformanceRun& run, ResultTable& table) {
  run.progress(absl::StrCat("crowd: starting ", ShowCount(kProcesses),
                            " sleeping processes"));
  const absl::StatusOr<SleeperCrowd> sleepers =
      StartSleepers(run.sleepers, kProcesses);
  if (!sleepers.ok()) return sleepers.status();
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start(
          {.program = run.server,
           .parent = run.parent_directory,
           .command = std::string(kSleepCommand),
           // No idle connection is closed meanwhile.
           .flags = {"--max_connections=13000", "--keep_alive_timeout=10m"}});
  if (!server.ok()) return server.status();
  absl::Status status = MeasureRounds(run, **server, table);
  status.Update((*server)->Stop());
  return status;
}

}  // namespace tallyman::bench
