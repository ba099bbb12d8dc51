#include "api/description/common_answers.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/algorithm/container.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/http/error.h"
#include "api/http/rate_limit_headers.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

// A request can fail in these ways before its handler runs, whatever it asks
// for; and any handler can fail as the last two say.
constexpr ErrorKind kErrorsOfAll[] = {
    ErrorKind::kBadRequest,        ErrorKind::kMethodNotAllowed,
    ErrorKind::kRequestTimeout,    ErrorKind::kPayloadTooLarge,
    ErrorKind::kUriTooLong,        ErrorKind::kUnsupportedMediaType,
    ErrorKind::kExpectationFailed, ErrorKind::kMisdirectedRequest,
    ErrorKind::kThrottled,         ErrorKind::kHeadersTooLarge,
    ErrorKind::kInternal,          ErrorKind::kUnavailable,
};

constexpr Header kCacheControl = {
    .name = "Cache-Control",
    .schema = String("Whether caches may keep the answer.", "no-store")};
constexpr Header kNosniff = {
    .name = "X-Content-Type-Options",
    .schema = String("Browsers take the Content-Type as it is.", "nosniff")};
constexpr Header kStrictTransportSecurity = {
    .name = "Strict-Transport-Security",
    .schema = String("Over TLS, if the operator has set it (RFC 6797).",
                     "max-age=31536000"),
    .is_required = false};
constexpr Header kLimit = {
    .name = kRateLimitHeader,
    .schema = Integer("Requests that the token has in an hour, or in a day if "
                      "fewer of these are left.",
                      "3600", 1)};
constexpr Header kRemaining = {
    .name = kRateRemainingHeader,
    .schema = Integer("Requests that are left of them.", "3597", 0)};
constexpr Header kReset = {
    .name = kRateResetHeader,
    .schema = Integer("When all of them are back: seconds of Unix time.",
                      "1451678400", 0)};
constexpr Header kRetryAfter = {
    .name = kRetryAfterHeader,
    .schema = Integer("Seconds to wait before the next request, if that helps.",
                      "60", 1),
    .is_required = false};
constexpr Header kWwwAuthenticate = {
    .name = "WWW-Authenticate",
    .schema = String("How to send a token.", "Bearer")};
constexpr Header kAllow = {
    .name = "Allow",
    .schema = String("The methods of the address.", "GET, HEAD, OPTIONS")};
constexpr Header kAllowOrigin = {
    .name = "Access-Control-Allow-Origin",
    .schema = String("The pages that may read the answer, if any may "
                     "(`--cors_origins`).",
                     "*"),
    .is_required = false};
constexpr Header kExposeHeaders = {
    .name = "Access-Control-Expose-Headers",
    .schema = String("The headers that these pages may read.",
                     "X-RateLimit-Limit, X-RateLimit-Remaining, "
                     "X-RateLimit-Reset, Retry-After"),
    .is_required = false};
constexpr Header kVary = {
    .name = "Vary",
    .schema =
        String("The answer depends on this header of the request.", "Origin"),
    .is_required = false};

Header Optional(Header header) {
  header.is_required = false;
  return header;
}

void AddHeadersOfAll(ApiFamily family, std::vector<Header>& headers) {
  headers.insert(headers.end(),
                 {kCacheControl, kNosniff, kStrictTransportSecurity});
  if (family == ApiFamily::kHost) {
    headers.insert(headers.end(), {kAllowOrigin, kExposeHeaders, kVary});
  }
}

}  // namespace

std::vector<ErrorKind> ErrorsOf(const Operation& operation) {
  std::vector<ErrorKind> errors(std::begin(kErrorsOfAll),
                                std::end(kErrorsOfAll));
  if (operation.scope) {
    errors.push_back(ErrorKind::kUnauthenticated);
    // Any token has at least the scope public.
    if (*operation.scope != auth::Scope::kPublic) {
      errors.push_back(ErrorKind::kForbidden);
    }
  }
  if (!operation.path_parameters.empty()) {
    errors.push_back(ErrorKind::kNotFound);
  }
  errors.insert(errors.end(), operation.errors.begin(), operation.errors.end());
  absl::c_sort(errors);  // The kinds are in the order of their statuses.
  errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
  // An answer of the operation itself stands for errors of its status.
  errors.erase(std::remove_if(errors.begin(), errors.end(),
                              [&](ErrorKind error) {
                                return absl::c_any_of(
                                    operation.answers,
                                    [error](const Answer& answer) {
                                      return answer.status == HttpStatus(error);
                                    });
                              }),
               errors.end());
  return errors;
}

std::vector<Header> HeadersOf(const Operation& operation,
                              const Answer& answer) {
  std::vector<Header> headers;
  for (const Header* const header : answer.headers) headers.push_back(*header);
  if (operation.scope) {
    headers.insert(headers.end(), {kLimit, kRemaining, kReset});
  }
  AddHeadersOfAll(operation.family, headers);
  return headers;
}

std::vector<Header> HeadersOf(ApiFamily family, ErrorKind error) {
  std::vector<Header> headers;
  if (error == ErrorKind::kMethodNotAllowed) headers.push_back(kAllow);
  if (error == ErrorKind::kThrottled || error == ErrorKind::kUnavailable) {
    headers.push_back(kRetryAfter);
  }
  if (error == ErrorKind::kUnauthenticated) {
    headers.push_back(kWwwAuthenticate);
  }
  // Absent if the request has no valid token.
  headers.insert(headers.end(),
                 {Optional(kLimit), Optional(kRemaining), Optional(kReset)});
  AddHeadersOfAll(family, headers);
  return headers;
}

}  // namespace tallyman::api
