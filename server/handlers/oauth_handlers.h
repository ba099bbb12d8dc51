// OAuth 2.0 for clients: issues and revokes tokens, and describes itself.

#ifndef TALLYMAN_SERVER_HANDLERS_OAUTH_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_OAUTH_HANDLERS_H_

#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/sqlite_client_store.h"
#include "auth/token_store.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {

// What the handlers need; all thread-safe.
struct OAuthServices {
  auth::SqliteClientStore& clients;
  auth::TokenStore& tokens;
  const auth::Authenticator& authenticator;
  auth::RateLimiter& limiter;
  auth::AuthFailureLimiter& failures;
  const auth::Clock& clock = auth::SystemClock();
  OnTokenChange on_token_change = {};
};

// Adds /oauth/token, /oauth/revoke and the metadata. The services must outlive
// the router.
void AddOAuthRoutes(const OAuthServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OAUTH_HANDLERS_H_
