// The versions, ciphers and options of the server's TLS.

#ifndef TALLYMAN_SERVER_TLS_TLS_RULES_H_
#define TALLYMAN_SERVER_TLS_TLS_RULES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {

// A context with the rules that TlsContext documents, without certificates.
// Fails if the library does not support them, or without memory.
absl::StatusOr<SslCtxPtr> NewServerContext();

// Makes connections require a client certificate that one of `authorities` has
// signed, or none if that is empty. Sessions are only resumed by contexts with
// the same authorities in the same order.
absl::Status RequireClientCertificates(SSL_CTX* context,
                                       const std::vector<X509Ptr>& authorities);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TLS_RULES_H_
