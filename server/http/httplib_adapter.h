// The slow path of a connection: the HTTP library (cpp-httplib) reads and
// answers requests of every kind. Only the source file includes the library.

#ifndef TALLYMAN_SERVER_HTTP_HTTPLIB_ADAPTER_H_
#define TALLYMAN_SERVER_HTTP_HTTPLIB_ADAPTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/http/connection_socket.h"
#include "server/http/http_connection.h"
#include "server/http/idle_connections.h"

namespace tallyman::server {

// Thread-safe.
class HttplibAdapter {
 public:
  struct Parts {
    // These outlive the adapter.
    const HttpHandler& handler;
    const HttpRejecter& rejecter;
    const IdleConnections& idle;
    size_t max_body_bytes;  // A larger body is 413.
    // The limit for all headers of a request; then the connection is closed.
    absl::Duration head_timeout;
    int64_t idle_seconds;  // See ConnectionInfo.
  };

  explicit HttplibAdapter(const Parts& parts);
  ~HttplibAdapter();
  HttplibAdapter(const HttplibAdapter&) = delete;
  HttplibAdapter& operator=(const HttplibAdapter&) = delete;

  // Reads one request from `socket`, whose first bytes are in Unread(), and
  // answers it. The rejecter answers bytes that are not a request, and requests
  // that are too large; nothing is read after those.
  AfterRequest ServeOne(ConnectionSocket& socket,
                        const std::string& remote_address);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTPLIB_ADAPTER_H_
