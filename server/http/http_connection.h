// One connection of HTTP/1.1: answers its requests, one after the other.

#ifndef TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
#define TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "api/http/error.h"
#include "api/http/http.h"
#include "server/http/connection_socket.h"
#include "server/http/idle_connections.h"

namespace tallyman::server {

// Answers a request. Called on several threads at once.
using HttpHandler = std::function<api::Response(const api::Request&)>;

// Answers what is no proper request (too long, malformed, ...); of `request`
// only what could be read is set. Called on several threads at once.
using HttpRejecter =
    std::function<api::Response(const api::Request& request, api::Error)>;

// What becomes of a connection after a request.
enum class AfterRequest : uint8_t {
  kKeep,
  kClose,
  // Close it, but let the peer read the answer first: not all that it sent may
  // have been read.
  kDrainAndClose,
};

// Reads and answers the one request whose first bytes are there, whatever it
// is. `remote_address` is the peer's.
using GeneralEngine = std::function<AfterRequest(
    ConnectionSocket& socket, const std::string& remote_address)>;

// What all connections of a server have in common. All of it outlives them.
struct ConnectionParts {
  const HttpHandler& handler;
  const HttpRejecter& rejecter;
  // For all that ParsePlainRequest() does not take.
  const GeneralEngine& engine;
  IdleConnections& idle;
  ConnectionSocket::Timeouts timeouts;
};

// Serves the connection `fd`, which it owns, until it ends, on this thread. A
// plain request (server/http/http_parser.h) costs one recv(2) and one
// sendmsg(2). The request that comes after it may be of any kind. After an
// answer with an error, which says so, the connection is closed.
void ServeConnection(int fd, const ConnectionParts& parts);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_CONNECTION_H_
