// The HTTP library (cpp-httplib) behind an interface: it accepts connections,
// and serves requests of every kind. Only its source includes the library.

#ifndef TALLYMAN_SERVER_HTTP_ENGINE_H_
#define TALLYMAN_SERVER_HTTP_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/connection_socket.h"
#include "server/http_connection.h"
#include "server/idle_connections.h"

namespace tallyman::server {

// Thread-safe, except that Bind() and Accept() are called by one thread.
class HttpEngine {
 public:
  struct Parts {
    // These outlive the engine.
    const HttpHandler& handler;
    const HttpRejecter& rejecter;
    const IdleConnections& idle;
    size_t max_body_bytes;   // More is 413.
    size_t max_connections;  // Served at once; more of them wait.
    // Headers that have not come by then end the connection.
    absl::Duration head_timeout;
    int64_t idle_seconds;  // As in AfterResponse.
    // Serves the accepted connection `fd`, which it owns, until it ends. Called
    // on a thread of the connection's own.
    std::function<void(int fd)> serve;
  };

  explicit HttpEngine(const Parts& parts);
  ~HttpEngine();
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  // Listens on `host`; 0 takes any free port. Returns the port, or -1 and
  // errno as far as the library left it.
  int Bind(const std::string& host, int port);

  // Accepts connections until StopAccepting(), or until the system can't give
  // any more, and waits for those that there are.
  void Accept();

  // Waits until an Accept() that was called has begun, and ends it.
  void StopAccepting();

  // Unbinds after an Accept() that ended by itself.
  void Unbind();

  // Reads one request from `socket`, where its first bytes are, and answers it.
  // What is no request, or too large, is answered by the rejecter, and nothing
  // is read after it.
  AfterRequest ServeOne(ConnectionSocket& socket,
                        const std::string& remote_address);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_ENGINE_H_
