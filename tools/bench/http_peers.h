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
#include "server/tls/testing/test_certificates.h"
#include "tools/bench/http_load.h"
#include "tools/bench/line_child.h"
#include "tools/bench/scratch_directory.h"

namespace tallyman::bench {

// An nginx with two workers that serves one file: without a log, with
// connections that stay open for any number of requests, and with the file kept
// open. Ends with this process. Not thread-safe.
class NginxServer {
 public:
  // Serves `body`; with a certificate, also on a port with TLS 1.3. Waits for a
  // first answer. NotFound if nginx is not installed.
  static absl::StatusOr<std::unique_ptr<NginxServer>> Start(
      std::string_view body,
      const server::TestCertificate* certificate = nullptr);

  // The file. nginx ignores the token of `token_size` characters, which makes
  // its requests as long as those to the other server.
  HttpTarget Target(size_t token_size) const;
  // The same with TLS.
  HttpTarget TlsTarget(size_t token_size) const;

 private:
  NginxServer(ScratchDirectory directory, int port, int tls_port)
      : directory_(std::move(directory)), port_(port), tls_port_(tls_port) {}

  absl::Status AwaitAnswer() const;
  // The last line of its log.
  std::string LastError() const;

  ScratchDirectory directory_;
  const int port_;
  const int tls_port_;  // 0 without a certificate.
  std::unique_ptr<LineChild> child_;
};

struct WrkResult {
  double requests_per_second = 0;
  double p99_milliseconds = 0;
};

struct WrkOptions {
  int seconds = 2;
  int connections = 16;
  bool tls = false;
  // A new connection for each request: "Connection: close".
  bool closes = false;
};

// Runs wrk with two threads. NotFound if it is not installed, Internal if any
// request failed.
absl::StatusOr<WrkResult> RunWrk(const HttpTarget& target,
                                 const WrkOptions& options);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_PEERS_H_
