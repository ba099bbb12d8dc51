// Refusals with 429 by operations that need no token, and so count guesses and
// requests themselves.

#ifndef TALLYMAN_SERVER_HANDLERS_THROTTLING_H_
#define TALLYMAN_SERVER_HANDLERS_THROTTLING_H_

#include <optional>
#include <string_view>

#include "api/http/http.h"
#include "auth/auth_failure_limiter.h"
#include "auth/rate_limiter.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Counts a wrong guess of the client of `context`. The answer, if its address
// has made too many: it names `what` ("credentials") and says how long to wait.
// nullopt if the caller may say what was wrong.
std::optional<api::Response> ThrottleGuesses(
    const RequestContext& context, std::string_view what,
    auth::AuthFailureLimiter& failures);

// The answer to a request that `decision` refuses; `limit` as in
// api::DescribeUsedUp().
api::Response OverLimit(std::string_view limit,
                        const auth::RateDecision& decision);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_THROTTLING_H_
