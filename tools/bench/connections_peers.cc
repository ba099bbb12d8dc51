#include "tools/bench/connections_peers.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/bench/http_peers.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"
#include "tools/bench/resumed_load.h"
#include "tools/bench/small_area.h"
#include "tools/bench/spawn_loop.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

constexpr std::string_view kNginx = "nginx, static file";

// One way to ask, for both servers in turn, and what came of it.
struct Case {
  std::string what;
  WrkOptions wrk;
  bool resumes = false;  // With resumed_load.h, not with wrk.
  double rate_target = 0;
  bool has_p99_target = false;

  std::vector<double> rates = {};
  std::vector<double> p99s = {};
  std::vector<double> peer_rates = {};
  std::vector<double> peer_p99s = {};
  std::string problem = {};  // "": none.
};

// Two servers with an answer of the same size.
struct Servers {
  BenchServer& ours;
  std::string path;
  const NginxServer* nginx;  // Null without one.
};

absl::StatusOr<WrkResult> Ask(const HttpTarget& target, const Case& way) {
  if (!way.resumes) return RunWrk(target, way.wrk);
  const absl::StatusOr<double> rate =
      MeasureResumedRate(target, way.wrk.connections, way.wrk.seconds);
  if (!rate.ok()) return rate.status();
  return WrkResult{.requests_per_second = *rate};
}

// Asks both servers; keeps the samples unless `counts` is false.
absl::Status AskBoth(const Servers& servers, bool counts, Case& way) {
  const HttpTarget ours = way.wrk.tls ? servers.ours.TlsTarget(servers.path)
                                      : servers.ours.Target(servers.path);
  std::optional<WrkResult> theirs;
  if (servers.nginx != nullptr) {
    const size_t token = ours.token.size();
    const absl::StatusOr<WrkResult> result =
        Ask(way.wrk.tls ? servers.nginx->TlsTarget(token)
                        : servers.nginx->Target(token),
            way);
    if (!result.ok()) {
      return absl::Status(result.status().code(),
                          absl::StrCat("nginx: ", result.status().message()));
    }
    theirs = *result;
  }
  const absl::StatusOr<WrkResult> result = Ask(ours, way);
  if (!result.ok()) return result.status();
  if (!counts) return absl::OkStatus();
  way.rates.push_back(result->requests_per_second);
  way.p99s.push_back(result->p99_milliseconds);
  if (theirs) {
    way.peer_rates.push_back(theirs->requests_per_second);
    way.peer_p99s.push_back(theirs->p99_milliseconds);
  }
  return absl::OkStatus();
}

absl::Status RunRounds(const PerformanceRun& run, std::string_view title,
                       const Servers& servers, std::vector<Case>& cases) {
  for (int i = 0; i <= run.repetitions; ++i) {
    run.progress(absl::StrCat(title, ": round ", i, " of ", run.repetitions));
    for (Case& way : cases) {
      if (!way.problem.empty()) continue;
      // The first round warms up.
      const absl::Status asked = AskBoth(servers, i > 0, way);
      if (absl::IsCancelled(asked)) return asked;
      way.problem = std::string(asked.message());
      if (absl::Status status = CheckInterruption(); !status.ok()) {
        return status;
      }
    }
  }
  return absl::OkStatus();
}

void Report(Case way, std::string_view missing, ResultTable& table) {
  std::string note(missing);
  if (!way.problem.empty()) {
    absl::StrAppend(&note, note.empty() ? "" : "; ", way.problem);
  }
  Row rate = {.what = way.what,
              .unit = "1/s",
              .measured = std::move(way.rates),
              .against = std::string(kNginx),
              .beside = std::move(way.peer_rates),
              .target = AtLeast(way.rate_target),
              .note = note};
  Row p99 = {.what = absl::StrCat(way.what, ", 99th percentile"),
             .unit = "ms",
             .measured = std::move(way.p99s),
             .against = std::string(kNginx),
             .beside = std::move(way.peer_p99s),
             .note = note};
  if (way.has_p99_target) p99.target = AtMost(1);
  for (Row* const row : {&rate, &p99}) {
    // Without a peer there is no ratio to hold against the target.
    if (!row->measured.empty() && row->beside.empty()) row->target.reset();
  }
  table.Add(std::move(rate));
  // The own client counts only.
  if (!way.resumes) table.Add(std::move(p99));
}

absl::Status MeasureCases(const PerformanceRun& run, std::string_view title,
                          std::vector<Case> cases, ResultTable& table) {
  const server::TestCertificate certificate = NewCertificate();
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start({.program = run.server,
                          .parent = run.parent_directory,
                          .command = std::string(kSleepCommand),
                          .certificate = certificate});
  if (!server.ok()) return server.status();
  harness::ApiClient client = (*server)->Client();
  const absl::StatusOr<std::string> path = MakeSmallStack(client);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> body = client.Get(*path);
  if (!body.ok()) return body.status();
  const absl::StatusOr<std::unique_ptr<NginxServer>> nginx =
      NginxServer::Start(*body, &certificate);
  if (!nginx.ok() && !absl::IsNotFound(nginx.status())) return nginx.status();
  const std::string missing(nginx.status().message());
  const Servers servers = {.ours = **server,
                           .path = *path,
                           .nginx = nginx.ok() ? nginx->get() : nullptr};
  absl::Status status = RunRounds(run, title, servers, cases);
  status.Update((*server)->Stop());
  if (!status.ok()) return status;
  table.BeginSection(
      absl::StrCat(title, ": ", path->substr(0, path->find('/', 1)),
                   "/{uid}/processes, an answer of ",
                   ShowCount(static_cast<int64_t>(body->size())), " bytes"));
  for (Case& way : cases) Report(std::move(way), missing, table);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureKeptConnections(const PerformanceRun& run,
                                    ResultTable& table) {
  struct Size {
    int connections;
    double target;
  };
  std::vector<Case> cases;
  for (const bool tls : {false, true}) {
    for (const Size size : {Size{16, 0.9}, Size{256, 0.9}, Size{1'000, 0.85}}) {
      cases.push_back(
          {.what = absl::StrCat(ShowCount(size.connections), " connections",
                                tls ? ", TLS 1.3" : ""),
           .wrk = {.connections = size.connections, .tls = tls},
           .rate_target = tls ? 0.85 : size.target,
           .has_p99_target = !tls});
    }
  }
  return MeasureCases(run, "KEPT CONNECTIONS", std::move(cases), table);
}

absl::Status MeasureNewConnections(const PerformanceRun& run,
                                   ResultTable& table) {
  std::vector<Case> cases = {{.what = "16 clients, plain",
                              .wrk = {.closes = true},
                              .rate_target = 0.8},
                             {.what = "16 clients, TLS 1.3, resumed session",
                              .wrk = {.tls = true},
                              .resumes = true,
                              .rate_target = 0.8}};
  return MeasureCases(run, "A CONNECTION FOR EACH REQUEST", std::move(cases),
                      table);
}

}  // namespace tallyman::bench
