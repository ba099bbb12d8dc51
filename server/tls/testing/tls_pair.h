// Both ends of a connection in one process.

#ifndef TALLYMAN_SERVER_TLS_TESTING_TLS_PAIR_H_
#define TALLYMAN_SERVER_TLS_TESTING_TLS_PAIR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/net/transport.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/testing/tls_client.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_transport.h"

namespace tallyman::server {

struct TlsPair {
  std::unique_ptr<TlsTransport> server;
  // Of server->Handshake(): kOk or kError.
  Transport::State handshake;
  // An error if the client has refused the server, or with TLS 1.2 the server
  // the client. With TLS 1.3 the client finds that out when it reads.
  absl::StatusOr<std::unique_ptr<TlsClient>> client;
};

// Shakes hands over a socket pair, the client on a thread of its own. Resumes
// `session` if it is not null.
TlsPair MakeTlsPair(const TlsContext& server, const TlsClientContext& client,
                    SSL_SESSION* session = nullptr);

// A session that a later connection can resume: exchanges a byte over `pair`,
// whose handshake is complete. Dies (CHECK) if it cannot.
SslSessionPtr TakeSession(TlsPair& pair);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TESTING_TLS_PAIR_H_
