#include "server/http/http_server.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "platform/base/unique_fd.h"
#include "server/access/connection_limits.h"
#include "server/http/body_budget.h"
#include "server/http/connection_loop.h"
#include "server/http/request_handler.h"
#include "server/http/worker_pool.h"
#include "server/net/peer.h"
#include "server/net/plain_transport.h"
#include "server/net/sockets.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

// So many refused connections are answered at a time; others are closed.
constexpr size_t kMaxRefused = 256;

// A loop with so many connections more than another gives it new ones.
constexpr size_t kMaxImbalance = 1;

size_t LoopsOf(size_t asked) {
  if (asked > 0) return asked;
  return std::thread::hardware_concurrency() >= 2 ? 2 : 1;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(std::vector<Socket> sockets, const RequestHandler& handler,
       Options options)
      : options_(std::move(options)),
        sockets_(std::move(sockets)),
        limits_(options_.limits),
        budget_(options_.max_body_memory),
        workers_({.max_threads = options_.max_workers,
                  .max_waiting = options_.max_waiting_requests,
                  .on_refusing = options_.on_refusing}),
        shared_({.handler = handler,
                 .body_budget = budget_,
                 .workers = workers_,
                 .options = options_.connection,
                 .is_stopping = is_stopping_,
                 .on_dropped = options_.on_dropped}) {
    for (size_t i = 0; i < LoopsOf(options_.loops); ++i) {
      loops_.push_back(std::make_unique<ConnectionLoop>(shared_));
    }
  }

  void Serve() {
    for (const std::unique_ptr<ConnectionLoop>& loop : loops_) {
      for (const Socket& socket : sockets_) Listen(socket, *loop);
    }
    std::vector<std::thread> threads;
    for (size_t i = 1; i < loops_.size(); ++i) {
      threads.emplace_back([this, i] { loops_[i]->Run(); });
    }
    loops_[0]->Run();
    for (std::thread& thread : threads) thread.join();
    workers_.Shutdown();
  }

  void Stop() {
    is_stopping_.store(true);
    // First: a client whose connection ends below must not get a new one.
    for (const Socket& socket : sockets_) {
      if (!socket.is_shared) sockets::StopListening(socket.fd);
    }
    for (const std::unique_ptr<ConnectionLoop>& loop : loops_) loop->Wake();
  }

  Counts counts() const {
    Counts counts = {
        .accepted = accepted_connections_.load(std::memory_order_relaxed),
        .refused = refused_connections_.load(std::memory_order_relaxed)};
    for (const std::unique_ptr<ConnectionLoop>& loop : loops_) {
      counts.open += loop->size();
    }
    return counts;
  }

  std::vector<uint64_t> CountRounds() const {
    std::vector<uint64_t> rounds;
    rounds.reserve(loops_.size());
    for (const std::unique_ptr<ConnectionLoop>& loop : loops_) {
      rounds.push_back(loop->rounds());
      loop->Wake();
    }
    return rounds;
  }

 private:
  void Listen(const Socket& socket, ConnectionLoop& loop) {
    loop.Listen(socket.fd, {.on_accepted =
                                [this, &socket, &loop](base::UniqueFd fd) {
                                  // A refused connection is closed.
                                  Accept(socket, loop, std::move(fd));
                                },
                            .on_exhausted = options_.on_exhausted,
                            .free_descriptors =
                                [this, &loop] {
                                  return (options_.free_descriptors &&
                                          options_.free_descriptors()) ||
                                         loop.CloseLongestIdle();
                                }});
  }

  void Accept(const Socket& socket, ConnectionLoop& loop, base::UniqueFd fd) {
    NewConnection fresh;
    const absl::StatusOr<Peer> peer = Peer::OfSocket(fd.get());
    // The client has gone already.
    if (!peer.ok()) return;
    fresh.peer = peer->ToString();
    ConnectionLimits::Admission admission = limits_.Admit(fresh.peer);
    if (admission.verdict == ConnectionLimits::Verdict::kTooMany &&
        loop.CloseLongestIdle()) {
      admission = limits_.Admit(fresh.peer);
    }
    fresh.refusal = RefusalOf(admission.verdict);
    (fresh.refusal ? refused_connections_ : accepted_connections_)
        .fetch_add(1, std::memory_order_relaxed);
    if (fresh.refusal && options_.on_dropped) {
      options_.on_dropped(fresh.peer, fresh.refusal->details);
    }
    if (fresh.refusal) {
      if (refused_.fetch_add(1) >= kMaxRefused) {
        refused_.fetch_sub(1);
        return;
      }
      fresh.admission = std::shared_ptr<void>(
          nullptr, [this](void*) { refused_.fetch_sub(1); });
    } else {
      fresh.admission = std::make_shared<ConnectionLimits::Ticket>(
          std::move(admission.ticket));
    }
    fresh.transport = socket.make_transport
                          ? socket.make_transport(std::move(fd))
                          : std::make_unique<PlainTransport>(std::move(fd));
    if (fresh.transport == nullptr) return;
    // A refusal cannot be read before a handshake.
    if (fresh.refusal && fresh.transport->is_encrypted()) return;
    Place(loop, std::move(fresh));
  }

  std::optional<api::Error> RefusalOf(ConnectionLimits::Verdict verdict) const {
    switch (verdict) {
      case ConnectionLimits::Verdict::kOk:
        return std::nullopt;
      case ConnectionLimits::Verdict::kTooMany:
        return api::Error{
            .kind = api::ErrorKind::kUnavailable,
            .details = absl::StrCat(
                "the server has ", options_.limits.max_connections,
                " connections, which is its limit (--max_connections)")};
      case ConnectionLimits::Verdict::kTooManyOfAddress:
        return api::Error{
            .kind = api::ErrorKind::kThrottled,
            .details = absl::StrCat("this address has ",
                                    options_.limits.max_connections_per_address,
                                    " connections, which is the limit "
                                    "(--max_connections_per_address)")};
    }
    return std::nullopt;
  }

  // The kernel may wake one loop for most connections: spreads them.
  void Place(ConnectionLoop& accepting, NewConnection fresh) {
    ConnectionLoop* least = &accepting;
    for (const std::unique_ptr<ConnectionLoop>& other : loops_) {
      if (other->size() + kMaxImbalance < least->size()) least = other.get();
    }
    least->Add(std::move(fresh));
  }

  const Options options_;
  const std::vector<Socket> sockets_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<size_t> refused_ = 0;  // Those that are answered at present.
  std::atomic<uint64_t> accepted_connections_ = 0;
  std::atomic<uint64_t> refused_connections_ = 0;
  ConnectionLimits limits_;
  BodyBudget budget_;
  WorkerPool workers_;
  const ConnectionLoop::Shared shared_;
  std::vector<std::unique_ptr<ConnectionLoop>> loops_;
};

HttpServer::HttpServer(std::vector<Socket> sockets,
                       const RequestHandler& handler, Options options)
    : impl_(std::make_unique<Impl>(std::move(sockets), handler,
                                   std::move(options))) {}

HttpServer::~HttpServer() = default;

void HttpServer::Serve() { impl_->Serve(); }

void HttpServer::Stop() { impl_->Stop(); }

HttpServer::Counts HttpServer::counts() const { return impl_->counts(); }

std::vector<uint64_t> HttpServer::CountRounds() const {
  return impl_->CountRounds();
}

}  // namespace tallyman::server
