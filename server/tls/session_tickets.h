// Session resumption by tickets (RFC 5077; RFC 8446, section 2.2).

#ifndef TALLYMAN_SERVER_TLS_SESSION_TICKETS_H_
#define TALLYMAN_SERVER_TLS_SESSION_TICKETS_H_

#include <openssl/ssl.h>

#include <memory>

#include "absl/status/status.h"
#include "server/tls/ticket_keys.h"

namespace tallyman::server {

// Makes the connections of `context` issue tickets and accept those that any
// context with the same `keys` has issued, if their session id contexts are
// equal (SSL_CTX_set_session_id_context(3)). The server stores no session. One
// ticket a handshake. A session whose client certificate has expired is not
// resumed: that handshake is a full one, which refuses the certificate.
// `context` shares `keys`. Fails only without memory.
absl::Status EnableSessionTickets(SSL_CTX* context,
                                  std::shared_ptr<TicketKeys> keys);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_SESSION_TICKETS_H_
