// /tokens: creates, lists and revokes tokens.

#ifndef TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "auth/token.h"
#include "auth/token_store.h"
#include "server/routing/router.h"

namespace tallyman::server {

// A token that a request has created or revoked.
struct TokenChange {
  enum class Kind : uint8_t { kCreated, kRevoked };
  Kind kind = Kind::kCreated;
  auth::Token token;
  std::string user;  // The name of the token of the request.
};

// Called after the change is durable, from any thread.
using OnTokenChange = std::function<void(const TokenChange&)>;

// Adds the operations of api/tokens/token_operations.h. `store` must outlive
// the router. `on_change` may be empty.
void AddTokenRoutes(auth::TokenStore& store, Router& router,
                    OnTokenChange on_change = {});

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_TOKEN_HANDLERS_H_
