#include "tools/bench/resumed_load.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/tls/testing/tls_client.h"
#include "tools/bench/http_load.h"
#include "tools/crowd/answer_reader.h"
#include "tools/crowd/tls_visit.h"

namespace tallyman::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Share {
  absl::Status status;
  int64_t answers = 0;
};

class Visitor {
 public:
  Visitor(const HttpTarget& target, const server::TlsClientContext& tls,
          size_t index)
      : port_(target.port),
        index_(index),
        tls_(tls),
        request_(crowd::GetRequest(target.path, target.token,
                                   "Connection: close\r\n")) {}

  absl::Status Visit();

 private:
  const int port_;
  const size_t index_;
  const server::TlsClientContext& tls_;
  const std::string request_;
  crowd::TlsSession session_;  // Null before the first visit.
};

absl::Status Visitor::Visit() {
  const absl::StatusOr<std::unique_ptr<server::TlsClient>> client =
      crowd::ConnectTls(tls_, port_, index_, session_.get());
  if (!client.ok()) return client.status();
  if (session_ != nullptr && !(*client)->is_resumed()) {
    return absl::InternalError("the server does not resume the session");
  }
  const absl::Status fetched = crowd::FetchTls(**client, request_);
  if (!fetched.ok()) return fetched;
  session_ = (*client)->session();
  // The server closes the connection, with or without a close_notify.
  (*client)->ReadAll().IgnoreError();
  return absl::OkStatus();
}

void VisitUntil(Visitor visitor, Clock::time_point deadline, Share& share) {
  while (Clock::now() < deadline) {
    share.status = visitor.Visit();
    if (!share.status.ok()) return;
    ++share.answers;
  }
}

}  // namespace

absl::StatusOr<double> MeasureResumedRate(const HttpTarget& target, int clients,
                                          int seconds) {
  const server::TlsClientContext tls(crowd::AnyTls13Server());
  std::vector<Share> shares(static_cast<size_t>(clients));
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline = begin + std::chrono::seconds(seconds);
  {
    std::vector<std::jthread> threads;
    threads.reserve(shares.size());
    for (size_t i = 0; i < shares.size(); ++i) {
      threads.emplace_back(VisitUntil, Visitor(target, tls, i), deadline,
                           std::ref(shares[i]));
    }
  }
  const absl::Duration elapsed = absl::FromChrono(Clock::now() - begin);
  double answers = 0;
  for (const Share& share : shares) {
    if (!share.status.ok()) return share.status;
    answers += static_cast<double>(share.answers);
  }
  return answers / absl::ToDoubleSeconds(elapsed);
}

}  // namespace tallyman::bench
