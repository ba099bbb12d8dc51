// The HTTP library (cpp-httplib) behind an interface: it serves requests of
// every kind. Only its source includes the library.

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
    // These outlive the engine.
    const HttpHandler& handler;
    const HttpRejecter& rejecter;
    const IdleConnections& idle;
    size_t max_body_bytes;  // More is 413.
    // Headers that have not come by then end the connection.
    absl::Duration head_timeout;
    int64_t idle_seconds;  // As in AfterResponse.
  };

  explicit HttplibAdapter(const Parts& parts);
  ~HttplibAdapter();
  HttplibAdapter(const HttplibAdapter&) = delete;
  HttplibAdapter& operator=(const HttplibAdapter&) = delete;

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

#endif  // TALLYMAN_SERVER_HTTP_HTTPLIB_ADAPTER_H_
