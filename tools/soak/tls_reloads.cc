#include "tools/soak/tls_reloads.h"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/tls/testing/test_certificates.h"
#include "server/tls/testing/tls_client.h"
#include "tools/bench/bench_server.h"
#include "tools/bench/http_load.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/tls_visit.h"
#include "tools/soak/problem_list.h"

namespace tallyman::soak {
namespace {

constexpr std::string_view kClose = "Connection: close\r\n";
constexpr absl::Duration kVisitInterval = absl::Milliseconds(100);
// How long the old certificate may still be shown after SIGHUP.
constexpr absl::Duration kReloadTime = absl::Seconds(2);

std::string NameOf(size_t good) { return absl::StrCat("good", good); }

server::TestCertificate MakeGood(size_t good) {
  return server::TestAuthority("tools/soak")
      .Issue({.common_name = NameOf(good)});
}

}  // namespace

server::TestCertificate FirstCertificate() { return MakeGood(0); }

TlsReloads::TlsReloads(bench::BenchServer& server, absl::Duration interval,
                       ProblemList& problems)
    : server_(server),
      interval_(interval),
      problems_(problems),
      tls_(crowd::AnyTls13Server()),
      good_({MakeGood(0), MakeGood(1)}),
      thread_([this] { Run(); }) {}

TlsReloads::~TlsReloads() {
  is_ending_ = true;
  thread_.join();
}

void TlsReloads::Run() {
  absl::Time next_reload = absl::Now() + interval_;
  bool resumes = false;
  while (!is_ending_) {
    absl::SleepFor(kVisitInterval);
    absl::Status status = Visit(resumes);
    resumes = !resumes;
    if (absl::Now() >= next_reload) {
      next_reload += interval_;
      status.Update(Reload());
    }
    if (!status.ok()) problems_.Add(status.message());
  }
}

absl::Status TlsReloads::Reload() {
  const int64_t number = reloads_++;
  server::TestCertificate next = good_[current_];
  switch (number % 4) {
    case 1:  // Not a certificate.
      next.cert = "-----BEGIN CERTIFICATE-----\nAAAA\n";
      break;
    case 3:  // Not that of the key.
      next.cert = good_[1 - current_].cert;
      break;
    default:
      current_ = 1 - current_;
      next = good_[current_];
  }
  settled_ = absl::Now() + kReloadTime;
  if (absl::Status written = server_.WriteCertificate(next); !written.ok()) {
    return written;
  }
  server_.Signal(SIGHUP);
  return absl::OkStatus();
}

absl::Status TlsReloads::Visit(bool resumes) {
  const bool is_settled = absl::Now() > settled_;
  const bench::HttpTarget target = server_.TlsTarget("/healthz");
  const absl::StatusOr<std::unique_ptr<server::TlsClient>> client =
      crowd::ConnectTls(tls_, target.port, /*index=*/0,
                        resumes ? session_.get() : nullptr);
  if (!client.ok()) return client.status();
  const absl::Status fetched = crowd::FetchTls(
      **client, crowd::GetRequest(target.path, target.token, kClose));
  if (!fetched.ok()) return fetched;
  ++visits_;
  const bool is_resumed = (*client)->is_resumed();
  if (is_resumed) ++resumptions_;
  session_ = (*client)->session();
  // A resumed session has the certificate of its first handshake.
  const std::string subject = (*client)->server_subject();
  if (is_settled && !is_resumed &&
      !absl::StrContains(subject, NameOf(current_))) {
    return absl::InternalError(absl::StrCat(
        "TLS: after reload ", reloads_.load(), " the server shows ", subject,
        " and not ", NameOf(current_)));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::soak
