// The operations of OAuth 2.0, for the router and the description.

#ifndef TALLYMAN_API_OAUTH_OAUTH_OPERATIONS_H_
#define TALLYMAN_API_OAUTH_OAUTH_OPERATIONS_H_

#include "api/description/operation.h"

namespace tallyman::api {

// Clients of any kind.
extern const Operation kIssueToken;        // POST /oauth/token
extern const Operation kRevokeOAuthToken;  // POST /oauth/revoke
extern const Operation kGetOAuthMetadata;  // RFC 8414

// Administration of clients.
extern const Operation kListClients;   // GET /oauth/clients
extern const Operation kCreateClient;  // POST /oauth/clients
extern const Operation kGetClient;     // GET /oauth/clients/{id}
extern const Operation kRevokeClient;  // DELETE /oauth/clients/{id}

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OAUTH_OAUTH_OPERATIONS_H_
