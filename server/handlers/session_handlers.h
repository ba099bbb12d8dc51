// /session and /sessions: signs in and out, lists and ends sessions.

#ifndef TALLYMAN_SERVER_HANDLERS_SESSION_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_SESSION_HANDLERS_H_

#include <memory>

#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/sign_in_code.h"
#include "auth/sqlite_session_store.h"
#include "server/handlers/session_change.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"

namespace tallyman::server {

// What the handlers need; all thread-safe.
struct SessionServices {
  auth::SqliteSessionStore& sessions;
  const SessionCookie& cookie;
  const auth::Authenticator& authenticator;
  auth::RateLimiter& limiter;
  auth::AuthFailureLimiter& failures;
  // Null inside: no code signs in. Must not change while requests come.
  const std::unique_ptr<auth::SignInCode>& code;
  OnSessionChange on_change = {};
};

// Adds the operations of api/sessions/session_operations.h. The services must
// outlive the router.
void AddSessionRoutes(const SessionServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_SESSION_HANDLERS_H_
