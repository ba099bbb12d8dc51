// The addresses that the server listens on, and their TLS.

#ifndef TALLYMAN_SERVER_LISTENERS_H_
#define TALLYMAN_SERVER_LISTENERS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/http/http_server.h"
#include "server/net/listening_socket.h"
#include "server/network_flags.h"
#include "server/tls/tls_acceptor.h"

namespace tallyman::server {

// Listening sockets. Thread-safe from Open() on.
class Listeners {
 public:
  // Listens: clients can connect when it returns. `activated` are the sockets
  // that systemd hands over (socket_activation.h). Errors are one line and name
  // the address or the file.
  static absl::StatusOr<std::unique_ptr<Listeners>> Open(
      const NetworkConfig& config, std::vector<ListeningSocket> activated);

  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // The sockets for a server, which this object must outlive.
  std::vector<HttpServer::Socket> Sockets() const;

  // A URL of each socket that clients can connect to; not empty. First those of
  // TCP.
  std::vector<std::string> Urls() const;

  // Null without TLS.
  TlsAcceptor* tls() const { return tls_.get(); }

  // The addresses beyond this machine that speak no TLS: tokens cross the
  // network in clear text.
  std::vector<std::string> ClearTextUrls() const;

 private:
  Listeners() = default;

  std::unique_ptr<TlsAcceptor> tls_;
  std::vector<ListeningSocket> sockets_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LISTENERS_H_
