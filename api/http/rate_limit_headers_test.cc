#include "api/http/rate_limit_headers.h"

#include "absl/time/time.h"
#include "api/http/http.h"
#include "auth/rate_limiter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(RateLimitHeadersTest, DescribeTheQuota) {
  Response response;
  AddRateLimitHeaders({.allowed = true,
                       .limit = 3600,
                       .remaining = 3597,
                       .reset = absl::FromUnixSeconds(1600880400),
                       .retry_after = absl::ZeroDuration()},
                      response);
  EXPECT_THAT(response.headers,
              ElementsAre(Pair("X-RateLimit-Limit", "3600"),
                          Pair("X-RateLimit-Remaining", "3597"),
                          Pair("X-RateLimit-Reset", "1600880400")));
}

TEST(RateLimitHeadersTest, ARefusalHasRetryAfter) {
  Response response;
  AddRateLimitHeaders({.allowed = false,
                       .limit = 5,
                       .remaining = 0,
                       .reset = absl::FromUnixSeconds(1600880400),
                       .retry_after = absl::Milliseconds(1001)},
                      response);
  EXPECT_THAT(response.headers.back(), Pair("Retry-After", "2"));
}

TEST(RateLimitHeadersTest, DescribesALimitThatIsUsedUp) {
  EXPECT_EQ(
      DescribeUsedUp("the token's limit",
                     {.limit = 5, .reset = absl::FromUnixSeconds(1600880400)}),
      "the token's limit of 5 requests is used up until 2020-09-23T17:00:00Z");
}

TEST(RateLimitHeadersTest, RetryAfterIsAtLeastOneSecond) {
  Response response;
  AddRetryAfter(absl::ZeroDuration(), response);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Retry-After", "1")));
}

}  // namespace
}  // namespace tallyman::api
