#include "server/routing/dispatcher.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/host_envelope.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/rate_limit_headers.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "server/log/request_log.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// The token of a request: "Authorization: Bearer ..." (RFC 6750, section 2.1),
// or, where the family documents it, the parameter `token`.
auth::Secret PresentedToken(const api::Request& request, ApiFamily family) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.Header("Authorization");
  if (absl::StartsWithIgnoreCase(header, kScheme)) {
    return auth::Secret(
        absl::StripAsciiWhitespace(header.substr(kScheme.size())));
  }
  if (family == ApiFamily::kHost) {
    if (const auto token = request.params.Get("token")) {
      return auth::Secret(*token);
    }
  }
  return auth::Secret();
}

}  // namespace

Dispatcher::Dispatcher(const Parts& parts) : parts_(parts) {
  if (parts.request_log != nullptr) {
    request_log_.emplace(*parts.request_log, parts.redactor);
  }
}

api::Response Dispatcher::Handle(const api::Request& request) const {
  const absl::Duration begin = parts_.clock.Elapsed();
  const std::optional<RouteMatch> match = parts_.router.Match(request.path);
  const ApiFamily family =
      match ? match->resource->family : ApiFamilyOfPath(request.path);
  std::string user;
  api::Response response = Answer(request, match, family, user);
  Finish(request, family, begin, user, response);
  return response;
}

api::Response Dispatcher::Reject(const api::Request& request,
                                 api::Error error) const {
  const absl::Duration begin = parts_.clock.Elapsed();
  const std::optional<RouteMatch> match = parts_.router.Match(request.path);
  const ApiFamily family =
      match ? match->resource->family : ApiFamilyOfPath(request.path);
  std::string user;
  // A method that the transport does not know, no resource knows.
  api::Response response =
      error.kind == api::ErrorKind::kMethodNotAllowed
          ? Answer(request, match, family, user)
          : RoutingError(request, family, std::move(error), user);
  Finish(request, family, begin, user, response);
  return response;
}

api::Response Dispatcher::Answer(const api::Request& request,
                                 const std::optional<RouteMatch>& match,
                                 ApiFamily family, std::string& user) const {
  if (!match) {
    return RoutingError(
        request, family,
        {api::ErrorKind::kNotFound,
         absl::StrCat("no resource has the address \"", request.path, "\"")},
        user);
  }
  if (request.method == "OPTIONS") {
    const std::string allow = match->resource->Allow();
    api::Response response;
    response.AddHeader("Allow", allow);
    if (family == ApiFamily::kHost) {
      parts_.cors.AddPreflightHeaders(request, allow, response);
    }
    return response;
  }
  const Endpoint* const endpoint = match->resource->Find(request.method);
  if (endpoint != nullptr) {
    return AnswerEndpoint(request, *match, *endpoint, user);
  }
  const std::string allow = match->resource->Allow();
  api::Response response =
      RoutingError(request, family,
                   {api::ErrorKind::kMethodNotAllowed,
                    absl::StrCat("\"", request.path, "\" does not know ",
                                 request.method, "; it knows ", allow)},
                   user);
  response.AddHeader("Allow", allow);
  return response;
}

api::Response Dispatcher::AnswerEndpoint(const api::Request& request,
                                         const RouteMatch& match,
                                         const Endpoint& endpoint,
                                         std::string& user) const {
  const ApiFamily family = match.resource->family;
  Access access;
  if (endpoint.scope) {
    access = Check(request, family, endpoint.scope);
    if (access.principal) user = access.principal->token().name;
  }
  api::Response response;
  if (access.refusal) {
    response = Render(*access.refusal, family);
  } else {
    HandlerResult result = endpoint.handler({.request = request,
                                             .path_params = match.path_params,
                                             .mount = match.mount,
                                             .user = user});
    response = std::holds_alternative<api::Response>(result)
                   ? std::get<api::Response>(std::move(result))
                   : Render(std::get<api::Error>(result), family);
  }
  AddAccessHeaders(access, response);
  return response;
}

api::Response Dispatcher::RoutingError(const api::Request& request,
                                       ApiFamily family, api::Error error,
                                       std::string& user) const {
  Access access;
  if (!PresentedToken(request, family).empty()) {
    access = Check(request, family, std::nullopt);
    if (access.principal) user = access.principal->token().name;
    // No token is needed to be told of this error, so a bad one is no reason
    // not to; too many requests are.
    if (access.refusal && access.refusal->kind == api::ErrorKind::kThrottled) {
      error = *access.refusal;
    }
  }
  api::Response response = Render(error, family);
  AddAccessHeaders(access, response);
  return response;
}

Dispatcher::Access Dispatcher::Check(const api::Request& request,
                                     ApiFamily family,
                                     std::optional<auth::Scope> needed) const {
  Access access;
  const auth::Secret presented = PresentedToken(request, family);
  absl::StatusOr<auth::Principal> principal =
      parts_.authenticator.Authenticate(presented);
  if (!principal.ok()) {
    access.refusal = api::ErrorFromStatus(principal.status());
    if (presented.empty()) {
      absl::StrAppend(
          &access.refusal->details, "; send the header \"",
          "Authorization: Bearer TOKEN\"",
          family == ApiFamily::kHost ? " or the parameter token=TOKEN" : "");
      return access;
    }
    access.retry_after = parts_.failures.RecordFailure(request.remote_address);
    if (access.retry_after > absl::ZeroDuration()) {
      access.refusal = {api::ErrorKind::kThrottled,
                        "too many bad tokens came from this address"};
    }
    return access;
  }
  access.principal = *std::move(principal);
  access.rate = parts_.limiter.Admit(access.principal->token());
  if (!access.rate->allowed) {
    access.refusal = {
        api::ErrorKind::kThrottled,
        absl::StrCat("the token's limit of ", access.rate->limit,
                     " requests is used up until ",
                     absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", access.rate->reset,
                                      absl::UTCTimeZone()))};
    return access;
  }
  if (needed) {
    if (absl::Status may = access.principal->Authorize(*needed); !may.ok()) {
      access.refusal = api::ErrorFromStatus(may);
    }
  }
  return access;
}

api::Response Dispatcher::Render(const api::Error& error,
                                 ApiFamily family) const {
  api::Response response;
  response.status = api::HttpStatus(error.kind);
  response.body = family == ApiFamily::kHost
                      ? api::RenderHostError(error, absl::Now(), parts_.zone)
                      : api::RenderStacksError(error);
  if (error.kind == api::ErrorKind::kUnauthenticated) {
    response.AddHeader("WWW-Authenticate", "Bearer");
  }
  return response;
}

void Dispatcher::AddAccessHeaders(const Access& access,
                                  api::Response& response) {
  if (access.rate) api::AddRateLimitHeaders(*access.rate, response);
  if (access.retry_after > absl::ZeroDuration()) {
    api::AddRetryAfter(access.retry_after, response);
  }
}

void Dispatcher::Finish(const api::Request& request, ApiFamily family,
                        absl::Duration begin, const std::string& user,
                        api::Response& response) const {
  if (family == ApiFamily::kHost) parts_.cors.AddHeaders(request, response);
  // Answers are about this moment, and tokens may stand in addresses.
  response.AddHeader("Cache-Control", "no-store");
  response.AddHeader("X-Content-Type-Options", "nosniff");
  if (!request_log_) return;
  request_log_->Add({.request = request,
                     .status = response.status,
                     .response_bytes = response.BodyView().size(),
                     .duration = parts_.clock.Elapsed() - begin,
                     .user = user});
}

}  // namespace tallyman::server
