// The headers, and the words, that inform a client about its quota.

#ifndef TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_
#define TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/http/http.h"
#include "auth/rate_limiter.h"

namespace tallyman::api {

inline constexpr std::string_view kRateLimitHeader = "X-RateLimit-Limit";
inline constexpr std::string_view kRateRemainingHeader =
    "X-RateLimit-Remaining";
inline constexpr std::string_view kRateResetHeader = "X-RateLimit-Reset";
inline constexpr std::string_view kRetryAfterHeader = "Retry-After";

// Adds X-RateLimit-Limit and X-RateLimit-Remaining (requests) and
// X-RateLimit-Reset (Unix time in seconds); for a refusal also Retry-After.
void AddRateLimitHeaders(const auth::RateDecision& decision,
                         Response& response);

// The details of a refusal: "the token's limit of 3600 requests is used up
// until 2016-01-01T20:00:00Z". `limit` names it: "the token's limit".
std::string DescribeUsedUp(std::string_view limit,
                           const auth::RateDecision& decision);

// Adds Retry-After (RFC 9110, section 10.2.3) in seconds, rounded up, at least
// 1.
void AddRetryAfter(absl::Duration wait, Response& response);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_RATE_LIMIT_HEADERS_H_
