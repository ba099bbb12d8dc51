// HTTP/1.1 over TCP: turns what comes over sockets into api::Request and sends
// api::Response back. Composed of the listener (server/http/listener.h), of the
// connections (server/http/http_connection.h), which answer plain requests
// themselves, and of the HTTP library (server/http/httplib_adapter.h) for all
// others.
//
//   absl::StatusOr<std::unique_ptr<HttpServer>> server =
//       HttpServer::Listen({.host = "127.0.0.1", .port = 8880}, handler,
//       reject);
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

// Listens on one address and answers requests, each connection on a thread of
// its own while it lasts.
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // A name or an address, IPv4 or IPv6.
    int port = 8880;                 // 0: any free one.
    size_t max_body_bytes = size_t{1} << 20;  // More is 413.
    // Connections that are served at once; more of them wait.
    size_t max_connections = 256;
    // A client that neither sends nor takes anything for this long is dropped.
    absl::Duration io_timeout = absl::Seconds(10);
    // So is a kept connection without a request.
    absl::Duration keep_alive_timeout = absl::Seconds(30);
    // See Listener::Events: called on the thread of Serve().
    std::function<void(int error)> on_exhausted;
    std::function<bool()> make_room;
  };

  using Handler = HttpHandler;
  using Rejecter = HttpRejecter;

  // Binds and listens: from now on clients can connect. The error names the
  // address and the reason, such as that it is in use (AlreadyExists).
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(
      const Options& options, Handler handler, Rejecter rejecter);

  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The port that it listens on.
  int port() const;

  // Serves until Stop(), and returns OK when everything under way is finished;
  // an error if it can't go on listening. At most once.
  absl::Status Serve();

  // Stops accepting and lets Serve() finish. Thread-safe.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_SERVER_H_
