// /tokens: creates, lists and revokes tokens.

#ifndef TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_

#include "auth/token_store.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds the operations of api/tokens/token_operations.h. `store` must outlive
// the router.
void AddTokenRoutes(auth::TokenStore& store, Router& router,
                    const OnTokenChange& on_change = {});

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_
