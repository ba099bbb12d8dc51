#include "server/tls/testing/tls_pair.h"

#include <sys/socket.h>

#include <memory>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/net/testing/transport_io.h"
#include "server/net/transport.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/testing/tls_client.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_transport.h"

namespace tallyman::server {

TlsPair MakeTlsPair(const TlsContext& server, const TlsClientContext& client,
                    SSL_SESSION* session) {
  SocketPair sockets = MakeSocketPair();
  absl::StatusOr<std::unique_ptr<TlsTransport>> transport =
      TlsTransport::Accept(server, std::move(sockets.server));
  CHECK_OK(transport);
  TlsPair pair{.server = *std::move(transport),
               .handshake = Transport::State::kError,
               .client = absl::UnknownError("not connected")};
  std::thread connecting([&] {
    pair.client =
        TlsClient::Connect(client, std::move(sockets.client), session);
  });
  pair.handshake = HandshakeBlocking(*pair.server);
  // A client that waits for the server's next message ends too.
  if (pair.handshake != Transport::State::kOk) {
    shutdown(pair.server->fd(), SHUT_WR);
  }
  connecting.join();
  return pair;
}

SslSessionPtr TakeSession(TlsPair& pair) {
  CHECK_OK(pair.client);
  CHECK(WriteBlocking(*pair.server, "x", "") == Transport::State::kOk)
      << pair.server->error();
  CHECK_OK((*pair.client)->ReadExactly(1));
  return (*pair.client)->session();
}

}  // namespace tallyman::server
