#include "tools/bench/small_area.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/bench/http_peers.h"
#include "tools/bench/interruption.h"
#include "tools/bench/performance_options.h"
#include "tools/bench/performance_run.h"
#include "tools/bench/result_table.h"
#include "tools/harness/api_client.h"

namespace tallyman::bench {
namespace {

constexpr int kProcesses = 10;

struct Samples {
  std::vector<double> rates;
  std::vector<double> p99s;

  void Add(const WrkResult& result) {
    rates.push_back(result.requests_per_second);
    p99s.push_back(result.p99_milliseconds);
  }
};

// Measures both in turn; `theirs` stays empty without an nginx.
absl::Status MeasureBoth(const PerformanceRun& run,
                         const HttpTarget& our_target, const NginxServer* nginx,
                         Samples& ours, Samples& theirs) {
  for (int i = 0; i <= run.repetitions; ++i) {
    run.progress(absl::StrCat("small: round ", i, " of ", run.repetitions));
    if (absl::Status status = CheckInterruption(); !status.ok()) return status;
    if (nginx != nullptr) {
      const absl::StatusOr<WrkResult> result =
          RunWrk(nginx->Target(our_target.token.size()), WrkOptions());
      if (!result.ok()) return result.status();
      if (i > 0) theirs.Add(*result);  // The first round warms up.
    }
    const absl::StatusOr<WrkResult> result = RunWrk(our_target, WrkOptions());
    if (!result.ok()) return result.status();
    if (i > 0) ours.Add(*result);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> MakeSmallStack(harness::ApiClient& client) {
  std::vector<harness::ProcessSpec> processes;
  processes.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    processes.push_back({.name = absl::StrCat("worker", i),
                         .command = absl::StrCat(
                             "/opt/shop/bin/worker --queue=orders-", i,
                             " --config=/etc/shop/worker.toml --concurrency=4 "
                             "--log-level=info")});
  }
  const absl::StatusOr<std::string> uid = client.MakeStack("small", processes);
  if (!uid.ok()) return uid.status();
  return absl::StrCat("/stacks/", *uid, "/processes");
}

absl::Status MeasureSmall(const PerformanceRun& run, const BenchServer& server,
                          ResultTable& table) {
  harness::ApiClient client = server.Client();
  const absl::StatusOr<std::string> path = MakeSmallStack(client);
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> body = client.Get(*path);
  if (!body.ok()) return body.status();

  const absl::StatusOr<std::unique_ptr<NginxServer>> nginx =
      NginxServer::Start(*body);
  if (!nginx.ok() && !absl::IsNotFound(nginx.status())) return nginx.status();
  Samples ours;
  Samples theirs;
  const absl::Status status =
      MeasureBoth(run, server.Target(*path),
                  nginx.ok() ? nginx->get() : nullptr, ours, theirs);
  if (!status.ok() && !absl::IsNotFound(status)) return status;

  Row rate = {.what = "GET /stacks/{uid}/processes",
              .unit = "1/s",
              .measured = std::move(ours.rates),
              .against = "nginx, static file",
              .beside = std::move(theirs.rates),
              .target = AtLeast(0.65)};
  Row p99 = {.what = "the same, 99th percentile",
             .unit = "ms",
             .measured = std::move(ours.p99s),
             .against = "nginx, static file",
             .beside = std::move(theirs.p99s),
             .target = AtMost(1)};
  std::string missing;
  if (!nginx.ok()) missing = nginx.status().message();
  if (!status.ok()) {
    absl::StrAppend(&missing, missing.empty() ? "" : "; ", status.message());
  }
  for (Row* const row : {&rate, &p99}) {
    row->note = missing;
    // Without a peer there is no ratio to hold against the target.
    if (!row->measured.empty() && row->beside.empty()) row->target.reset();
  }
  table.BeginSection(absl::StrCat("SMALL: ", kProcesses,
                                  " processes of a stack, an answer of ",
                                  ShowCount(static_cast<int64_t>(body->size())),
                                  " bytes; wrk, 16 kept connections"));
  table.Add(std::move(rate));
  table.Add(std::move(p99));
  return absl::OkStatus();
}

}  // namespace tallyman::bench
