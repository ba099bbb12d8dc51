// /oauth/clients: creates, lists and revokes OAuth clients.

#ifndef TALLYMAN_SERVER_HANDLERS_CLIENT_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_CLIENT_HANDLERS_H_

#include "auth/sqlite_client_store.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds the operations of clients in api/oauth/oauth_operations.h. `store` must
// outlive the router. To revoke a client is a change of each of its tokens.
void AddClientRoutes(auth::SqliteClientStore& store, Router& router,
                     const OnTokenChange& on_token_change = {});

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_CLIENT_HANDLERS_H_
