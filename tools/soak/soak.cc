// Runs a server under mixed load for a long time, and fails if it grows, or if
// an answer is an error other than a documented refusal:
//
//   tools/bazel run //tools/soak -- --duration=30m
//
// Meanwhile instances are scaled up and down, a hundred clients a second
// connect for one request, slow clients send halves of heads and of bodies,
// others read slowly, some follow a log, and the certificate is replaced by
// good and by bad ones. All traffic stays on loopback. Ends only processes that
// it has started; leaves nothing behind, also after an interruption.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/interruption.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/runfiles.h"
#include "tools/bench/spawn_loop.h"
#include "tools/crowd/crowd.h"
#include "tools/crowd/crowd_client.h"
#include "tools/crowd/loopback.h"
#include "tools/harness/api_client.h"
#include "tools/soak/churn.h"
#include "tools/soak/clients.h"
#include "tools/soak/growth.h"
#include "tools/soak/problem_list.h"
#include "tools/soak/tls_reloads.h"

ABSL_FLAG(absl::Duration, duration, absl::Minutes(30), "Of the whole load.");
ABSL_FLAG(absl::Duration, warm_up, absl::Minutes(5),
          "The beginning of the load, whose largest numbers are those to "
          "compare with.");
ABSL_FLAG(absl::Duration, sample_interval, absl::Seconds(10),
          "Between two samples of the server's size.");
ABSL_FLAG(absl::Duration, reload_interval, absl::Seconds(10),
          "Between two reloads of the certificate. 0: no TLS.");
ABSL_FLAG(int64_t, instances, 1000, "How many instances come and go, at most.");
ABSL_FLAG(double, scale, 1, "Factor of the numbers of clients.");
ABSL_FLAG(int64_t, memory_growth, 16'000'000,
          "Bytes of resident memory that may be added after the warm-up.");
ABSL_FLAG(int64_t, thread_growth, 4, "Threads that may be added.");
ABSL_FLAG(int64_t, descriptor_growth, 500,
          "Descriptors that may be added: the numbers of connections and of "
          "instances vary.");
ABSL_FLAG(std::string, server, "server/server", "The server's binary.");

namespace tallyman::soak {
namespace {

constexpr absl::Duration kSettleTimeout = absl::Seconds(60);

struct Load {
  std::unique_ptr<crowd::Crowd> crowd;
  std::unique_ptr<Churn> churn;
  std::unique_ptr<TlsReloads> reloads;  // Null without TLS.
};

absl::StatusOr<std::unique_ptr<bench::BenchServer>> StartServer(
    std::optional<server::TestCertificate> certificate) {
  const absl::StatusOr<std::string> program =
      bench::FindFile(absl::GetFlag(FLAGS_server));
  if (!program.ok()) return program.status();
  return bench::BenchServer::Start(
      {.program = *program,
       .command = std::string(bench::kSleepCommand),
       .others = {{.name = std::string(kTalker),
                   .command = std::string(kTalkerCommand)}},
       // The output of the talker is rotated about once a minute.
       .flags = {"--max_events=1000", "--max_log_bytes=65536"},
       .certificate = std::move(certificate)});
}

absl::StatusOr<Load> StartLoad(bench::BenchServer& server,
                               ProblemList& problems) {
  harness::ApiClient client = server.Client();
  if (auto scaled = server.Scale(client, 1, kTalker); !scaled.ok()) {
    return scaled.status();
  }
  Load load;
  absl::StatusOr<std::unique_ptr<crowd::Crowd>> crowd =
      crowd::Crowd::Start(ClientGroups(server, absl::GetFlag(FLAGS_scale)), {});
  if (!crowd.ok()) return crowd.status();
  load.crowd = *std::move(crowd);
  const absl::Status settled = load.crowd->AwaitSettled(kSettleTimeout);
  if (!settled.ok()) return settled;
  if (absl::GetFlag(FLAGS_reload_interval) > absl::ZeroDuration()) {
    load.reloads = std::make_unique<TlsReloads>(
        server, absl::GetFlag(FLAGS_reload_interval), problems);
  }
  load.churn =
      std::make_unique<Churn>(server, absl::GetFlag(FLAGS_instances), problems);
  return load;
}

void PrintProgress(absl::Duration after, const bench::ProcSize& size,
                   const Load& load, const ProblemList& problems) {
  const crowd::CrowdCounts& counts = load.crowd->counts();
  std::cout << absl::FormatDuration(absl::Trunc(after, absl::Seconds(1)))
            << ": " << Describe(size) << "; scales " << load.churn->scales()
            << ", connections " << counts.connected << ", answers "
            << counts.answers << ", ended at a deadline "
            << counts.deadline_ends << ", lines followed " << counts.markers
            << ", refusals " << counts.refusals;
  if (load.reloads != nullptr) {
    std::cout << ", TLS visits " << load.reloads->visits() << " ("
              << load.reloads->resumptions() << " resumed), reloads "
              << load.reloads->reloads();
  }
  std::cout << ", problems "
            << static_cast<int64_t>(problems.count()) + counts.problems
            << std::endl;
}

// Until the end of the duration.
absl::Status Watch(const bench::BenchServer& server, const Load& load,
                   ProblemList& problems) {
  GrowthWatch watch({.resident_bytes = absl::GetFlag(FLAGS_memory_growth),
                     .threads = absl::GetFlag(FLAGS_thread_growth),
                     .descriptors = absl::GetFlag(FLAGS_descriptor_growth)});
  const absl::Time begin = absl::Now();
  absl::Duration after;
  bool has_grown = false;
  while (after < absl::GetFlag(FLAGS_duration)) {
    absl::Status rested = bench::Rest(absl::GetFlag(FLAGS_sample_interval));
    if (!rested.ok()) return rested;
    const absl::StatusOr<bench::ProcSize> size =
        bench::ReadProcSize(server.pid());
    if (!size.ok()) return size.status();
    after = absl::Now() - begin;
    PrintProgress(after, *size, load, problems);
    if (after <= absl::GetFlag(FLAGS_warm_up)) {
      watch.AddWarmUp(*size);
    } else if (const std::string grown = watch.Check(*size);
               !grown.empty() && !has_grown) {
      // Once: it would be said of each later sample too.
      problems.Add(grown);
      has_grown = true;
    }
  }
  return absl::OkStatus();
}

absl::Status RunLoad(bench::BenchServer& server, ProblemList& problems) {
  const absl::StatusOr<Load> load = StartLoad(server, problems);
  if (!load.ok()) return load.status();
  const absl::Status watched = Watch(server, *load, problems);
  const crowd::CrowdCounts& counts = load->crowd->counts();
  if (counts.problems > 0) {
    problems.Add(
        absl::StrCat("clients: ", counts.problems.load(),
                     " problems, the first: ", counts.first_problem()));
  }
  return watched;
}

absl::Status Run() {
  // Connections of the clients, at a factor of 1.
  constexpr size_t kDescriptors = 4'000;
  absl::Status allowed = crowd::AllowDescriptors(kDescriptors);
  if (!allowed.ok()) return allowed;
  bench::CatchInterruptions();
  const bool has_tls =
      absl::GetFlag(FLAGS_reload_interval) > absl::ZeroDuration();
  const absl::StatusOr<std::unique_ptr<bench::BenchServer>> server =
      StartServer(has_tls ? std::optional(FirstCertificate()) : std::nullopt);
  if (!server.ok()) return server.status();
  ProblemList problems;
  absl::Status status = RunLoad(**server, problems);
  status.Update((*server)->Stop());
  for (const std::string& problem : problems.first()) {
    std::cout << "  " << problem << "\n";
  }
  if (status.ok() && problems.count() > 0) {
    return absl::InternalError(
        absl::StrCat(problems.count(), " problems, see above"));
  }
  return status;
}

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Runs a server under mixed load for a long time.\n\n"
      "  soak [--duration=30m] [--warm_up=5m] [--instances=1000]");
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = Run();
  if (!status.ok()) {
    std::cout << "NOT as expected: " << status.message() << std::endl;
    return 1;
  }
  std::cout << "all as expected" << std::endl;
  return 0;
}

}  // namespace
}  // namespace tallyman::soak

int main(int argc, char** argv) { return tallyman::soak::Main(argc, argv); }
