// The command-line flags of listening, TLS, proxies and limits of connections,
// as one value.

#ifndef TALLYMAN_SERVER_NETWORK_FLAGS_H_
#define TALLYMAN_SERVER_NETWORK_FLAGS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/client_address.h"
#include "server/access/host_check.h"
#include "server/http/http_server.h"
#include "server/net/listen_address.h"
#include "server/tls/tls_options.h"

namespace tallyman::server {

struct NetworkConfig {
  // Empty: --listen is not given, which means the sockets that systemd hands
  // over, or else the default address.
  std::vector<ListenAddress> listen;
  ListenAddress default_address;
  uint32_t unix_socket_mode;  // Of the files of Unix sockets.
  std::optional<TlsOptions> tls;
  absl::Duration hsts_max_age;  // Zero: no Strict-Transport-Security.
  TrustedProxies proxies;
  HostCheck hosts;
  HttpServer::Options http;
};

// InvalidArgument names a flag whose value is out of range or contradicts
// another.
absl::StatusOr<NetworkConfig> NetworkConfigFromFlags();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NETWORK_FLAGS_H_
