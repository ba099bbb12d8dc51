// Replaces the server's certificate again and again, and visits it with TLS.

#ifndef TALLYMAN_TOOLS_SOAK_TLS_RELOADS_H_
#define TALLYMAN_TOOLS_SOAK_TLS_RELOADS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "tools/bench/bench_server.h"
#include "tools/crowd/tls_visit.h"
#include "tools/soak/problem_list.h"

namespace tallyman::soak {

server::TestCertificate FirstCertificate();

// A thread of its own, from construction to destruction. Writes a certificate
// and sends SIGHUP at each interval: two good ones in turn, and in between one
// that is no certificate, or that does not belong to the key. Ten times a
// second it connects, every second time with the session of the connection
// before. Once the server had two seconds for a reload, a full handshake must
// show the last good certificate. Thread-safe.
class TlsReloads {
 public:
  // `server` and `problems` outlive this object. The server begins with
  // FirstCertificate().
  TlsReloads(bench::BenchServer& server, absl::Duration interval,
             ProblemList& problems);
  ~TlsReloads();
  TlsReloads(const TlsReloads&) = delete;
  TlsReloads& operator=(const TlsReloads&) = delete;

  int64_t reloads() const { return reloads_; }
  int64_t visits() const { return visits_; }
  int64_t resumptions() const { return resumptions_; }

 private:
  void Run();
  absl::Status Reload();
  absl::Status Visit(bool resumes);

  bench::BenchServer& server_;
  const absl::Duration interval_;
  ProblemList& problems_;
  const server::TlsClientContext tls_;
  const std::vector<server::TestCertificate> good_;  // Two.
  size_t current_ = 0;  // Of `good_`; that of the last good reload.
  absl::Time settled_ = absl::InfinitePast();  // The reload is complete.
  crowd::TlsSession session_;                  // Null before the first visit.
  std::atomic<int64_t> reloads_ = 0;
  std::atomic<int64_t> visits_ = 0;
  std::atomic<int64_t> resumptions_ = 0;
  std::atomic<bool> is_ending_ = false;
  std::thread thread_;
};

}  // namespace tallyman::soak

#endif  // TALLYMAN_TOOLS_SOAK_TLS_RELOADS_H_
