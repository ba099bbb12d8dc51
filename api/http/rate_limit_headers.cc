#include "api/http/rate_limit_headers.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/http.h"
#include "api/json/timestamp.h"
#include "auth/rate_limiter.h"

namespace tallyman::api {

void AddRateLimitHeaders(const auth::RateDecision& decision,
                         Response& response) {
  response.AddHeader(kRateLimitHeader, absl::StrCat(decision.limit));
  response.AddHeader(kRateRemainingHeader, absl::StrCat(decision.remaining));
  response.AddHeader(kRateResetHeader,
                     absl::StrCat(absl::ToUnixSeconds(decision.reset)));
  if (!decision.allowed) AddRetryAfter(decision.retry_after, response);
}

std::string DescribeUsedUp(std::string_view limit,
                           const auth::RateDecision& decision) {
  return absl::StrCat(limit, " of ", decision.limit,
                      " requests is used up until ",
                      UtcTimestamp(decision.reset));
}

void AddRetryAfter(absl::Duration wait, Response& response) {
  const int64_t seconds =
      absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  response.AddHeader(kRetryAfterHeader,
                     absl::StrCat(std::max<int64_t>(seconds, 1)));
}

}  // namespace tallyman::api
