#include "server/routing/cors.h"

#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/http/http.h"
#include "api/http/rate_limit_headers.h"
#include "re2/re2.h"

namespace tallyman::server {
namespace {

// How long a browser may cache the response to a preflight.
constexpr std::string_view kMaxAgeSeconds = "600";

bool IsOrigin(std::string_view text) {
  static const RE2& pattern =
      *new RE2(R"([a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#@]+)");
  return text == "null" || RE2::FullMatch(text, pattern);
}

}  // namespace

absl::StatusOr<CorsPolicy> CorsPolicy::Parse(std::string_view origins) {
  CorsPolicy policy;
  for (std::string_view origin :
       absl::StrSplit(origins, ',', absl::SkipWhitespace())) {
    origin = absl::StripAsciiWhitespace(origin);
    if (origin == "*") {
      policy.any_ = true;
    } else if (IsOrigin(origin)) {
      policy.origins_.emplace_back(origin);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", origin,
                       "\" is not an origin such as \"https://example.com\" "
                       "(no path, no slash at the end), nor \"*\""));
    }
  }
  return policy;
}

std::string CorsPolicy::AllowedOrigin(const api::Request& request) const {
  if (any_) return "*";
  const std::string_view origin = request.Header("Origin");
  return absl::c_linear_search(origins_, origin) ? std::string(origin) : "";
}

void CorsPolicy::AddHeaders(const api::Request& request,
                            api::Response& response) const {
  // A cache must not reuse a response for another origin.
  if (!any_ && !origins_.empty()) response.AddHeader("Vary", "Origin");
  const std::string allowed = AllowedOrigin(request);
  if (allowed.empty()) return;
  response.AddHeader("Access-Control-Allow-Origin", allowed);
  response.AddHeader(
      "Access-Control-Expose-Headers",
      absl::StrCat(api::kRateLimitHeader, ", ", api::kRateRemainingHeader, ", ",
                   api::kRateResetHeader, ", ", api::kRetryAfterHeader));
}

void CorsPolicy::AddPreflightHeaders(const api::Request& request,
                                     std::string_view allow,
                                     api::Response& response) const {
  if (request.Header("Access-Control-Request-Method").empty() ||
      AllowedOrigin(request).empty()) {
    return;
  }
  response.AddHeader("Access-Control-Allow-Methods", std::string(allow));
  response.AddHeader("Access-Control-Allow-Headers",
                     "Authorization, Content-Type");
  response.AddHeader("Access-Control-Max-Age", std::string(kMaxAgeSeconds));
  // From a public page to a private address, such as loopback (Private Network
  // Access).
  if (request.Header("Access-Control-Request-Private-Network") == "true") {
    response.AddHeader("Access-Control-Allow-Private-Network", "true");
  }
}

}  // namespace tallyman::server
