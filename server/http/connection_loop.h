// The thread that waits for many connections, and serves them.

#ifndef TALLYMAN_SERVER_HTTP_CONNECTION_LOOP_H_
#define TALLYMAN_SERVER_HTTP_CONNECTION_LOOP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/http/error.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "server/http/acceptor.h"
#include "server/http/body_budget.h"
#include "server/http/connection_host.h"
#include "server/http/http_connection.h"
#include "server/http/idle_list.h"
#include "server/http/mailbox.h"
#include "server/http/request_handler.h"
#include "server/http/worker_pool.h"
#include "server/net/transport.h"

namespace tallyman::server {

// A connection on its way to a loop.
struct NewConnection {
  std::unique_ptr<Transport> transport;
  std::string peer;
  // Released when the connection ends.
  std::shared_ptr<void> admission;
  // Set: the connection is answered with this error, and closed.
  std::optional<api::Error> refusal;
};

// An event loop with the connections that it serves.
class ConnectionLoop : private ConnectionHost {
 public:
  // What all loops of a server share. Outlives them.
  struct Shared {
    const RequestHandler& handler;
    BodyBudget& body_budget;
    WorkerPool& workers;
    const ConnectionOptions& options;
    const std::atomic<bool>& is_stopping;
    // See ConnectionHost::OnDropped(). Called on any loop's thread. May be
    // empty.
    std::function<void(std::string_view peer, std::string_view reason)>
        on_dropped;
  };

  explicit ConnectionLoop(const Shared& shared);
  ~ConnectionLoop() override;

  // Before Run(): accepts from a listening socket; see Acceptor.
  void Listen(int socket, Acceptor::Events events);

  // Serves until the server stops and the last connection has ended, on the
  // caller's thread.
  void Run();

  // Gives the loop a connection. Thread-safe.
  void Add(NewConnection connection);

  // Makes the loop look at `is_stopping`. Thread-safe.
  void Wake() { loop_.Wake(); }

  // The rounds that Run() has made. Thread-safe.
  uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }

  // Closes the connection that has waited longest for a request. False if none
  // waits. On the loop's thread.
  bool CloseLongestIdle();

  // The connections of the loop, also those on their way. Thread-safe.
  size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  // What happened to the connection `id`.
  struct Message {
    enum class Kind : uint8_t { kWorkerDone, kStreamWake, kNew };
    Kind kind;
    uint64_t id = 0;
    std::unique_ptr<NewConnection> connection = nullptr;
  };
  struct Entry {
    std::unique_ptr<HttpConnection> connection;
    std::shared_ptr<void> admission;
  };

  base::EventLoop& loop() override { return loop_; }
  const RequestHandler& handler() override { return shared_.handler; }
  BodyBudget& body_budget() override { return shared_.body_budget; }
  const ConnectionOptions& options() const override { return shared_.options; }
  absl::Span<char> read_buffer() override {
    return absl::MakeSpan(read_buffer_);
  }
  std::string& write_buffer() override { return write_buffer_; }
  bool RunOnWorker(HttpConnection& connection,
                   absl::AnyInvocable<void() &&> job) override;
  std::function<void()> StreamWaker(uint64_t id) override;
  void ContinueLater(HttpConnection& connection) override;
  void OnIdle(HttpConnection& connection) override;
  void OnBusy(HttpConnection& connection) override;
  void OnClosed(HttpConnection& connection) override;
  void OnDropped(std::string_view peer, std::string_view reason) override;
  bool is_stopping() const override { return shared_.is_stopping.load(); }

  void ReadMessages();
  void Continue();
  void Begin(NewConnection fresh);
  void CloseExpired();
  void Stop();

  const Shared& shared_;
  base::EventLoop loop_;
  // Shared with wakers, which may outlive the loop.
  const std::shared_ptr<Mailbox<Message>> mailbox_;
  std::vector<char> read_buffer_;
  std::string write_buffer_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::atomic<size_t> size_ = 0;
  std::atomic<uint64_t> rounds_ = 0;
  uint64_t next_id_ = 1;
  bool has_stopped_ = false;
  IdleList<HttpConnection> idle_;
  absl::flat_hash_map<uint64_t, Entry> connections_;
  std::vector<uint64_t> unfinished_;  // See ContinueLater().
  std::vector<Entry> closed_;         // Destroyed after the round.
  base::EventLoop::Registration idle_timer_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_CONNECTION_LOOP_H_
