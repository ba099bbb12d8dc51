// HTTP/1.1 on sockets: reads api::Request and sends api::Response. One or two
// threads wait for all connections (server/http/connection_loop.h); requests
// that take long are answered on others (server/http/worker_pool.h).
//
//   HttpServer server(std::move(sockets), handler, {});
//   std::thread serving([&] { server.Serve(); });
//   ...
//   server.Stop();
//   serving.join();

#ifndef TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_
#define TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "platform/base/unique_fd.h"
#include "server/access/connection_limits.h"
#include "server/http/http_connection.h"
#include "server/http/request_handler.h"
#include "server/net/transport.h"

namespace tallyman::server {

class HttpServer {
 public:
  // A listening socket, which does not block and outlives the server, and the
  // transport of its connections.
  struct Socket {
    int fd = -1;
    // Another process listens too: Stop() leaves connections that wait to it.
    bool is_shared = false;
    // Makes the transport of an accepted socket, which does not block. Empty:
    // PlainTransport. Null: the connection is closed. Thread-safe.
    std::function<std::unique_ptr<Transport>(base::UniqueFd)> make_transport;
  };

  struct Options {
    ConnectionOptions connection;
    // A connection above `max_connections` closes the one that has waited
    // longest for a request, or else gets 503; one above
    // `max_connections_per_address` gets 429.
    ConnectionLimits::Options limits = {.max_connections = 10000};
    // The memory of the bodies of all connections, in bytes.
    size_t max_body_memory = size_t{64} << 20;
    // The threads that wait for connections. 0: two, or one on a machine with
    // one processor.
    size_t loops = 0;
    // Requests that are answered, and that wait to be answered, on other
    // threads.
    size_t max_workers = 32;
    size_t max_waiting_requests = 1024;
    // See Acceptor::Events. Called on any thread that waits for connections.
    // May be empty.
    std::function<void(int error)> on_exhausted;
    std::function<bool()> free_descriptors;
    // Requests begin to be refused; see WorkerPool::Options. May be empty.
    std::function<void(const absl::Status& reason)> on_refusing;
    // The server ended a connection early, or refused it. May be empty.
    std::function<void(std::string_view peer, std::string_view reason)>
        on_dropped;
  };

  // Connections. A refused one is above a limit, also if it is closed without
  // an answer.
  struct Counts {
    size_t open = 0;  // At present, with refused ones that are answered.
    uint64_t accepted = 0;
    uint64_t refused = 0;
  };

  // `handler` outlives the server. Clients can connect already, and wait for
  // Serve().
  HttpServer(std::vector<Socket> sockets, const RequestHandler& handler,
             Options options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Serves until Stop(), and returns after the last request under way. Call it
  // once.
  void Serve();

  // Refuses further connections, closes those that wait for a request, ends
  // streams, and makes Serve() return, the current or a later one. Thread-safe;
  // does not block.
  void Stop();

  // Thread-safe; takes no lock.
  Counts counts() const;

  // The rounds that each thread that waits for connections has made so far, and
  // wakes them for one more: a thread that hangs has made none by a later call.
  // While Serve() runs. Thread-safe; takes no lock.
  std::vector<uint64_t> CountRounds() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_
