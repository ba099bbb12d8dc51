#include "tools/bench/http_peers.h"

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/command.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/bench/line_child.h"
#include "tools/bench/scratch_directory.h"
#include "tools/crowd/loopback.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBodyFile = "body.json";

constexpr std::string_view kNginxConfiguration = R"(%user%
worker_processes 2;
daemon off;
pid %dir%/nginx.pid;
error_log %dir%/error.log;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=16;
  types { application/json json; }
  client_body_temp_path %dir%/tmp;
  proxy_temp_path %dir%/tmp;
  fastcgi_temp_path %dir%/tmp;
  uwsgi_temp_path %dir%/tmp;
  scgi_temp_path %dir%/tmp;
  server {
    listen 127.0.0.1:%port% backlog=4096;
    %tls%
    root %dir%;
  }
}
)";

// Sessions are resumed with tickets, as the default is.
constexpr std::string_view kNginxTls = R"(
    listen 127.0.0.1:%tls_port% ssl backlog=4096;
    ssl_certificate %dir%/tls.crt;
    ssl_certificate_key %dir%/tls.key;
    ssl_protocols TLSv1.3;
)";

// A script for wrk. Sets the header here, because every user sees a command
// line; prints figures with all digits.
constexpr std::string_view kWrkScript = R"(
wrk.headers["Authorization"] = "Bearer %token%"
%close%
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("\nresult %d %d %.3f %d\n", summary.requests,
    summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
)";

}  // namespace

absl::StatusOr<std::unique_ptr<NginxServer>> NginxServer::Start(
    std::string_view body, const server::TestCertificate* certificate) {
  const std::optional<std::string> program = FindInstalled("nginx");
  if (!program) return absl::NotFoundError("not installed: nginx");
  absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<int> port = crowd::FindFreePort();
  if (!port.ok()) return port.status();
  const absl::StatusOr<int> tls_port =
      certificate != nullptr ? crowd::FindFreePort() : 0;
  if (!tls_port.ok()) return tls_port.status();
  const std::string path = directory->path();
  absl::Status written = directory->Write(kBodyFile, body);
  if (certificate != nullptr) {
    written.Update(directory->Write("tls.crt", certificate->cert));
    written.Update(directory->Write("tls.key", certificate->key));
  }
  // By default the workers become another user, who can't enter the directory.
  written.Update(directory->Write(
      "nginx.conf",
      absl::StrReplaceAll(
          absl::StrReplaceAll(
              kNginxConfiguration,
              {{"%tls%",
                certificate != nullptr ? kNginxTls : std::string_view()}}),
          {{"%user%", geteuid() == 0 ? "user root;" : ""},
           {"%dir%", path},
           {"%port%", absl::StrCat(*port)},
           {"%tls_port%", absl::StrCat(*tls_port)}})));
  if (!written.ok()) return written;
  auto server = absl::WrapUnique(
      new NginxServer(*std::move(directory), *port, *tls_port));
  absl::StatusOr<std::unique_ptr<LineChild>> child =
      LineChild::Start({*program, "-e", absl::StrCat(path, "/error.log"), "-p",
                        path, "-c", absl::StrCat(path, "/nginx.conf")},
                       absl::StrCat(path, "/error.log"));
  if (!child.ok()) return child.status();
  server->child_ = *std::move(child);
  if (absl::Status ready = server->AwaitAnswer(); !ready.ok()) return ready;
  return server;
}

HttpTarget NginxServer::Target(size_t token_size) const {
  return {.port = port_,
          .token = std::string(token_size, 'x'),
          .path = absl::StrCat("/", kBodyFile)};
}

HttpTarget NginxServer::TlsTarget(size_t token_size) const {
  HttpTarget target = Target(token_size);
  target.port = tls_port_;
  return target;
}

absl::Status NginxServer::AwaitAnswer() const {
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(10);
  while (true) {
    absl::StatusOr<HttpFetcher> fetcher = HttpFetcher::Connect(Target(1));
    if (fetcher.ok() && fetcher->Fetch().ok()) return absl::OkStatus();
    if (Clock::now() > deadline) {
      return absl::InternalError(
          absl::StrCat("nginx does not answer: ", LastError()));
    }
    if (absl::Status rested = Rest(absl::Milliseconds(20)); !rested.ok()) {
      return rested;
    }
  }
}

std::string NginxServer::LastError() const {
  std::ifstream file(absl::StrCat(directory_.path(), "/error.log"));
  std::string line;
  std::string last = "its log is empty";
  while (std::getline(file, line)) last = line;
  return last;
}

absl::StatusOr<WrkResult> RunWrk(const HttpTarget& target,
                                 const WrkOptions& options) {
  const std::optional<std::string> program = FindInstalled("wrk");
  if (!program) return absl::NotFoundError("not installed: wrk");
  const absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  const absl::Status written = directory->Write(
      "wrk.lua",
      absl::StrReplaceAll(
          kWrkScript,
          {{"%token%", target.token},
           {"%close%",
            options.closes ? "wrk.headers[\"Connection\"] = \"close\"" : ""}}));
  if (!written.ok()) return written;
  const absl::StatusOr<CommandResult> ran =
      RunCommand({*program, "-t2", absl::StrCat("-c", options.connections),
                  absl::StrCat("-d", options.seconds, "s"), "--timeout=20s",
                  "-s", absl::StrCat(directory->path(), "/wrk.lua"),
                  absl::StrCat(options.tls ? "https" : "http",
                               "://127.0.0.1:", target.port, target.path)},
                 /*with_output=*/true, absl::Seconds(options.seconds + 20));
  if (!ran.ok()) return ran.status();
  for (const std::string_view line : absl::StrSplit(ran->output, '\n')) {
    const std::vector<std::string_view> words = absl::StrSplit(line, ' ');
    int64_t requests = 0;
    int64_t microseconds = 0;
    double p99_microseconds = 0;
    int64_t errors = 0;
    if (words.size() != 5 || words[0] != "result" ||
        !absl::SimpleAtoi(words[1], &requests) ||
        !absl::SimpleAtoi(words[2], &microseconds) ||
        !absl::SimpleAtod(words[3], &p99_microseconds) ||
        !absl::SimpleAtoi(words[4], &errors)) {
      continue;
    }
    // A rate with errors is meaningless.
    if (errors > 0 || requests == 0 || microseconds == 0) {
      return absl::InternalError(
          absl::StrCat("wrk: ", errors, " errors in ", requests, " requests"));
    }
    return WrkResult{.requests_per_second = static_cast<double>(requests) *
                                            1e6 /
                                            static_cast<double>(microseconds),
                     .p99_milliseconds = p99_microseconds / 1e3};
  }
  return absl::InternalError(
      absl::StrCat("wrk has no result: ", ran->output.substr(0, 200)));
}

}  // namespace tallyman::bench
