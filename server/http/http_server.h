// HTTP/1.1 over TCP: reads api::Request from sockets and sends api::Response.
// Composes the listener (server/http/listener.h), a thread for each connection
// (server/http/worker_pool.h, server/http/http_connection.h) and the HTTP
// library (server/http/httplib_adapter.h).
//
//   absl::StatusOr<std::unique_ptr<HttpServer>> server =
//       HttpServer::Listen({.host = "127.0.0.1", .port = 8880}, handler,
//                          rejecter);
//   std::thread serving([&] { (*server)->Serve(); });
//   ...
//   (*server)->Stop();
//   serving.join();

#ifndef TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_
#define TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/http/http_connection.h"

namespace tallyman::server {

// Listens on one address and serves each connection on a thread of its own.
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // A name, an IPv4 or an IPv6 address.
    int port = 8880;                 // 0: any free port.
    size_t max_body_bytes = size_t{1} << 20;  // A larger body is 413.
    // Connections served at once. kMaxWaitingConnections more wait, further
    // ones are closed.
    size_t max_connections = 256;
    // Closes a connection whose client neither sends nor receives a byte for
    // this long in the middle of a request.
    absl::Duration io_timeout = absl::Seconds(10);
    // Closes a connection without a request for this long.
    absl::Duration keep_alive_timeout = absl::Seconds(30);
    // Called on the thread of Serve(); see Listener::Events.
    std::function<void(int error)> on_exhausted;
    std::function<bool()> free_descriptors;
    // Connections begin to be closed unserved; see WorkerPool::Options. Called
    // on the thread of Serve(). May be empty.
    std::function<void(const absl::Status& reason)> on_refusing;
  };

  static constexpr size_t kMaxWaitingConnections = 1024;

  using Handler = HttpHandler;
  using Rejecter = HttpRejecter;

  // Binds and listens: clients can connect when it returns, and wait for
  // Serve(). Errors as Listener::Bind().
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(
      const Options& options, Handler handler, Rejecter rejecter);

  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The bound port.
  int port() const;

  // Serves until Stop(), and returns after the last request under way. The
  // error is a permanent one of the listening socket. Call it once.
  absl::Status Serve();

  // Stops accepting and makes Serve() return, the current or a later one.
  // Thread-safe; does not block.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_
