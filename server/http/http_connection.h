// Serves one HTTP/1.1 connection: reads its requests and answers them in order.
// A plain request (server/http/http_parser.h) takes the fast path: one recv(2)
// and one sendmsg(2). Any other request takes the slow path
// (server/http/httplib_adapter.h), from the same buffer.

#ifndef TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
#define TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "api/http/error.h"
#include "api/http/http.h"
#include "platform/base/unique_fd.h"
#include "server/http/connection_socket.h"
#include "server/http/idle_connections.h"

namespace tallyman::server {

// Answers a request. Must be thread-safe. An exception becomes an answer of
// api::ErrorKind::kInternal.
using HttpHandler = std::function<api::Response(const api::Request&)>;

// Renders the answer to a request that is not well-formed, too large or the
// like; `request` has the fields that could be read. Must be thread-safe.
using HttpRejecter =
    std::function<api::Response(const api::Request& request, api::Error)>;

// The state of a connection after a request.
enum class AfterRequest : uint8_t {
  kKeep,   // It can serve a further request.
  kClose,  // It must be closed.
  // It must be closed with ConnectionSocket::Drain(), since the peer may have
  // sent bytes that the server has not read.
  kDrainAndClose,
};

// Reads and answers one request of any kind, whose first bytes are in
// socket.Unread(). `remote_address` is the peer's IP address.
using SlowPath = std::function<AfterRequest(ConnectionSocket& socket,
                                            const std::string& remote_address)>;

// The parts that all connections of a server share. Must outlive them.
struct ConnectionParts {
  const HttpHandler& handler;
  const HttpRejecter& rejecter;
  const SlowPath& slow_path;
  IdleConnections& idle;
  ConnectionSocket::Timeouts timeouts;
};

// Serves the connection on the calling thread until it ends, then closes it. An
// answer with an error status ends it: the bytes that follow may be the body of
// a request that was not understood. Never throws.
void ServeConnection(base::UniqueFd fd, const ConnectionParts& parts);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
