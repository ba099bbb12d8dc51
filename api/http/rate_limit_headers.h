// The headers that tell a client how much it may still ask.

#ifndef TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_
#define TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_

#include "absl/time/time.h"
#include "api/http/http.h"
#include "auth/rate_limiter.h"

namespace tallyman::api {

// Adds X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset (Unix
// seconds), and Retry-After to a refusal.
void AddRateLimitHeaders(const auth::RateDecision& decision,
                         Response& response);

// Adds Retry-After (RFC 9110, section 10.2.3): whole seconds, rounded up, at
// least 1.
void AddRetryAfter(absl::Duration wait, Response& response);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_
