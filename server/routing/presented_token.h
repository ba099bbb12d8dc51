// Finds the token that a request presents.

#ifndef TALLYMAN_SERVER_ROUTING_PRESENTED_TOKEN_H_
#define TALLYMAN_SERVER_ROUTING_PRESENTED_TOKEN_H_

#include "api/http/http.h"
#include "auth/secret.h"
#include "server/routing/router.h"

namespace tallyman::server {

// The token in "Authorization: Bearer ..." (RFC 6750, section 2.1; the scheme
// in any case) or, in the host family, in the parameter `token`. Empty if there
// is none. Not checked: it may have any bytes. Thread-safe.
auth::Secret PresentedToken(const api::Request& request, ApiFamily family);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_PRESENTED_TOKEN_H_
