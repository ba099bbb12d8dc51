#include "server/handlers/throttling.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/rate_limit_headers.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/auth_failure_limiter.h"
#include "auth/rate_limiter.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// Without the headers that say how long to wait.
api::Response Throttled(std::string details) {
  api::Response response;
  response.status = api::HttpStatus(api::ErrorKind::kThrottled);
  response.body = api::RenderStacksError(
      {.kind = api::ErrorKind::kThrottled, .details = std::move(details)});
  return response;
}

}  // namespace

std::optional<api::Response> ThrottleGuesses(
    const RequestContext& context, std::string_view what,
    auth::AuthFailureLimiter& failures) {
  const absl::Duration wait = failures.RecordFailure(context.client_address);
  if (wait == absl::ZeroDuration()) return std::nullopt;
  api::Response response =
      Throttled(absl::StrCat("too many bad ", what, " came from this address"));
  api::AddRetryAfter(wait, response);
  return response;
}

api::Response OverLimit(std::string_view limit,
                        const auth::RateDecision& decision) {
  api::Response response = Throttled(api::DescribeUsedUp(limit, decision));
  api::AddRateLimitHeaders(decision, response);
  return response;
}

}  // namespace tallyman::server
