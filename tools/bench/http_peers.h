// nginx, the peer for small answers, and wrk, the client of both servers.

#ifndef TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_
#define TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/http_load.h"
#include "tools/bench/line_child.h"
#include "tools/bench/scratch_directory.h"

namespace tallyman::bench {

// An nginx with two workers that serves one file: without a log, with
// connections that stay open for any number of requests, and with the file kept
// open. Ends with this process. Not thread-safe.
class NginxServer {
 public:
  // Serves `body`. Waits for a first answer. NotFound if nginx is not
  // installed.
  static absl::StatusOr<std::unique_ptr<NginxServer>> Start(
      std::string_view body);

  // The file. nginx ignores the token of `token_size` characters, which makes
  // its requests as long as those to the other server.
  HttpTarget Target(size_t token_size) const;

 private:
  NginxServer(ScratchDirectory directory, int port)
      : directory_(std::move(directory)), port_(port) {}

  absl::Status AwaitAnswer() const;
  // The last line of its log.
  std::string LastError() const;

  ScratchDirectory directory_;
  const int port_;
  std::unique_ptr<LineChild> child_;
};

struct WrkResult {
  double requests_per_second = 0;
  double p99_milliseconds = 0;
};

// Runs wrk with two threads and 16 connections. NotFound if it is not
// installed, Internal if any request failed.
absl::StatusOr<WrkResult> RunWrk(const HttpTarget& target, int seconds);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_
