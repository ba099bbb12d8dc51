// nginx, as a peer for small answers, and wrk, which asks it and us.

#ifndef TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_
#define TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/child_process.h"
#include "tools/bench/http_load.h"
#include "tools/bench/scratch_directory.h"

namespace tallyman::bench {

// An nginx of its own, with two workers, that serves one file from memory: no
// log, connections kept for any number of requests, the file kept open. Ends
// with us. Not thread-safe.
class NginxServer {
 public:
  // Serves `body`. Has answered when this returns. NotFound if nginx is not
  // installed.
  static absl::StatusOr<std::unique_ptr<NginxServer>> Start(
      std::string_view body);

  // What to ask it for. It takes no token, but is sent one of `token_size`
  // characters, so that its requests are as long as ours.
  HttpTarget Target(size_t token_size) const;

 private:
  NginxServer(ScratchDirectory directory, int port)
      : directory_(std::move(directory)), port_(port) {}

  absl::Status AwaitAnswer() const;
  // The last line that it wrote to its log.
  std::string LastError() const;

  ScratchDirectory directory_;
  const int port_;
  std::unique_ptr<ChildProcess> child_;
};

struct WrkResult {
  double requests_per_second = 0;
  double p99_milliseconds = 0;
};

// wrk with two threads and 16 connections for that many seconds. NotFound if it
// is not installed, Internal if any answer had an error.
absl::StatusOr<WrkResult> RunWrk(const HttpTarget& target, int seconds);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_
