#include "tools/bench/http_peers.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
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
#include "platform/base/unique_fd.h"
#include "tools/bench/command.h"
#include "tools/bench/http_load.h"
#include "tools/bench/interruption.h"
#include "tools/bench/line_child.h"
#include "tools/bench/scratch_directory.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBodyFile = "body.json";

constexpr std::string_view kNginxConfiguration = R"(%user%
worker_processes 2;
daemon off;
pid %dir%/nginx.pid;
error_log %dir%/error.log;
events { worker_connections 256; }
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
  server { listen 127.0.0.1:%port%; root %dir%; }
}
)";

// A script for wrk. Sets the header here, because every user sees a command
// line; prints figures with all digits.
constexpr std::string_view kWrkScript = R"(
wrk.headers["Authorization"] = "Bearer %token%"
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("\nresult %d %d %.3f %d\n", summary.requests,
    summary.duration, latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
)";

// A port that is free at the moment.
absl::StatusOr<int> FreePort() {
  const base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (!listener.valid() ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) !=
          0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address),
                  &size) != 0) {
    return absl::ErrnoToStatus(errno, "looking for a free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NginxServer>> NginxServer::Start(
    std::string_view body) {
  const std::optional<std::string> program = FindInstalled("nginx");
  if (!program) return absl::NotFoundError("not installed: nginx");
  absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<int> port = FreePort();
  if (!port.ok()) return port.status();
  const std::string path = directory->path();
  absl::Status written = directory->Write(kBodyFile, body);
  // By default the workers become another user, who can't enter the directory.
  written.Update(directory->Write(
      "nginx.conf",
      absl::StrReplaceAll(kNginxConfiguration,
                          {{"%user%", geteuid() == 0 ? "user root;" : ""},
                           {"%dir%", path},
                           {"%port%", absl::StrCat(*port)}})));
  if (!written.ok()) return written;
  auto server = absl::WrapUnique(new NginxServer(*std::move(directory), *port));
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

absl::StatusOr<WrkResult> RunWrk(const HttpTarget& target, int seconds) {
  const std::optional<std::string> program = FindInstalled("wrk");
  if (!program) return absl::NotFoundError("not installed: wrk");
  const absl::StatusOr<ScratchDirectory> directory = ScratchDirectory::Make();
  if (!directory.ok()) return directory.status();
  const absl::Status written = directory->Write(
      "wrk.lua", absl::StrReplaceAll(kWrkScript, {{"%token%", target.token}}));
  if (!written.ok()) return written;
  const absl::StatusOr<CommandResult> ran =
      RunCommand({*program, "-t2", "-c16", absl::StrCat("-d", seconds, "s"),
                  "-s", absl::StrCat(directory->path(), "/wrk.lua"),
                  absl::StrCat("http://127.0.0.1:", target.port, target.path)},
                 /*with_output=*/true, absl::Seconds(seconds + 20));
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
