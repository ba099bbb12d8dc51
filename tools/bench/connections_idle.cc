#include "tools/bench/connections_idle.h"

#include <cstddef>
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
#include "absl/time/time.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/proc_usage.h"
#include "tools/bench/result_table.h"
#include "tools/bench/spawn_loop.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/idle_connections.h"
#include "tools/crowd/tls_visit.h"

namespace tallyman::bench {
namespace {

constexpr size_t kPlain = 10'000;
constexpr size_t kEncrypted = 2'000;
// Opened and closed before: pages of code and buffers that the server needs
// once do not count.
constexpr size_t kWarmUp = 100;
constexpr absl::Duration kRest = absl::Seconds(1);
constexpr double kKibibyte = 1024;

struct Samples {
  std::vector<double> plain_kibibytes;
  std::vector<double> encrypted_kibibytes;
  std::vector<double> cpu_milliseconds;
  std::vector<double> switches;
  std::string tls_problem;  // Why there is no sample; "" if there is.
};

using OpenConnections =
    absl::FunctionRef<absl::StatusOr<crowd::IdleConnections>(size_t count)>;

// Opens `count` connections, and adds the growth of the server's memory for
// each in KiB.
absl::StatusOr<crowd::IdleConnections> OpenAndWeigh(
    const BenchServer& server, size_t count, OpenConnections open,
    std::vector<double>& kibibytes) {
  if (auto warm_up = open(kWarmUp); !warm_up.ok()) return warm_up.status();
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  const absl::StatusOr<int64_t> before = ReadPssBytes(server.pid());
  if (!before.ok()) return before.status();
  absl::StatusOr<crowd::IdleConnections> connections = open(count);
  if (!connections.ok()) return connections;
  if (absl::Status rested = Rest(kRest); !rested.ok()) return rested;
  const absl::StatusOr<int64_t> after = ReadPssBytes(server.pid());
  if (!after.ok()) return after.status();
  kibibytes.push_back(static_cast<double>(*after - *before) / kKibibyte /
                      static_cast<double>(count));
  return connections;
}

absl::Status CheckOpen(const crowd::IdleConnections& connections) {
  const size_t closed = connections.CountClosed();
  if (closed == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("the server has closed ", closed, " idle connections"));
}

absl::Status MeasurePlain(const PerformanceRun& run, const BenchServer& server,
                          Samples& samples) {
  const HttpTarget target = server.Target("/healthz");
  const std::string request = crowd::GetRequest(target.path, target.token);
  const absl::StatusOr<crowd::IdleConnections> connections = OpenAndWeigh(
      server, kPlain,
      [&](size_t count) {
        return crowd::IdleConnections::Open(target.port, request, count);
      },
      samples.plain_kibibytes);
  if (!connections.ok()) return connections.status();
  const absl::StatusOr<CpuUse> before = ReadCpuUse(server.pid());
  if (!before.ok()) return before.status();
  if (absl::Status rested = Rest(run.idle); !rested.ok()) return rested;
  const absl::StatusOr<CpuUse> after = ReadCpuUse(server.pid());
  if (!after.ok()) return after.status();
  samples.cpu_milliseconds.push_back(
      absl::ToDoubleMilliseconds(after->clock - before->clock));
  samples.switches.push_back(
      static_cast<double>(SwitchesBetween(*before, *after)));
  return CheckOpen(*connections);
}

absl::Status MeasureEncrypted(const BenchServer& server,
                              const server::TlsClientContext& tls,
                              Samples& samples) {
  const HttpTarget target = server.TlsTarget("/healthz");
  const std::string request = crowd::GetRequest(target.path, target.token);
  const absl::StatusOr<crowd::IdleConnections> connections = OpenAndWeigh(
      server, kEncrypted,
      [&](size_t count) {
        return crowd::IdleConnections::OpenTls(target.port, request, count,
                                               tls);
      },
      samples.encrypted_kibibytes);
  if (!connections.ok()) return connections.status();
  return CheckOpen(*connections);
}

// Starts a server, which has no memory of earlier connections, and measures.
absl::Status WithServer(
    const PerformanceRun& run,
    std::optional<server::TestCertificate> certificate,
    absl::FunctionRef<absl::Status(const BenchServer&)> measure) {
  const absl::StatusOr<std::unique_ptr<BenchServer>> server =
      BenchServer::Start(
          {.program = run.server,
           .parent = run.parent_directory,
           .command = std::string(kSleepCommand),
           .flags = {"--max_connections=13000", "--keep_alive_timeout=10m"},
           .certificate = std::move(certificate)});
  if (!server.ok()) return server.status();
  absl::Status status = measure(**server);
  status.Update((*server)->Stop());
  return status;
}

void Report(const PerformanceRun& run, Samples samples, ResultTable& table) {
  table.BeginSection(
      "IDLE CONNECTIONS: each has made one request; a new server each round");
  table.Add({.what = absl::StrCat("memory (PSS) for each of ",
                                  ShowCount(kPlain), " connections"),
             .unit = "KiB",
             .measured = std::move(samples.plain_kibibytes),
             .target = AtMost(4)});
  table.Add({.what = absl::StrCat("the same, TLS, ", ShowCount(kEncrypted)),
             .unit = "KiB",
             .measured = std::move(samples.encrypted_kibibytes),
             .target = AtMost(48),
             .note = samples.tls_problem});
  table.Add({.what = absl::StrCat("processor time in ",
                                  absl::FormatDuration(run.idle), ", ",
                                  ShowCount(kPlain), " connections"),
             .unit = "ms",
             .measured = std::move(samples.cpu_milliseconds),
             .target = AtMost(1)});
  table.Add({.what = "voluntary switches of its threads meanwhile",
             .measured = std::move(samples.switches),
             .target = AtMost(3)});
}

}  // namespace

absl::Status MeasureIdleConnections(const PerformanceRun& run,
                                    ResultTable& table) {
  const server::TestCertificate certificate = NewCertificate();
  const server::TlsClientContext tls(crowd::AnyTls13Server());
  Samples samples;
  for (int i = 1; i <= run.repetitions; ++i) {
    run.progress(
        absl::StrCat("idle connections: round ", i, " of ", run.repetitions));
    absl::Status status =
        WithServer(run, std::nullopt, [&](const BenchServer& server) {
          return MeasurePlain(run, server, samples);
        });
    if (!status.ok()) return status;
    if (!samples.tls_problem.empty()) continue;
    status = WithServer(run, certificate, [&](const BenchServer& server) {
      return MeasureEncrypted(server, tls, samples);
    });
    if (absl::IsCancelled(status)) return status;
    samples.tls_problem = std::string(status.message());
  }
  Report(run, std::move(samples), table);
  return absl::OkStatus();
}

}  // namespace tallyman::bench
