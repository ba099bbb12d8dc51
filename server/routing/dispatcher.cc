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
#include "api/http/params.h"
#include "api/http/rate_limit_headers.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "server/log/log.h"
#include "server/log/request_log.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// The token in "Authorization: Bearer ..." (RFC 6750, section 2.1) or, in the
// host family, in the parameter `token`. Empty if there is none.
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
  if (parts.log != nullptr && parts.log_requests) {
    request_log_.emplace(*parts.log, parts.redactor);
  }
}

api::Response Dispatcher::Handle(const api::Request& request) const {
  Exchange exchange = Begin(request);
  api::Response response = Route(exchange);
  Finish(exchange, response);
  return response;
}

api::Response Dispatcher::Reject(const api::Request& request,
                                 api::Error error) const {
  Exchange exchange = Begin(request);
  // No resource has a method that the transport rejects: routing finds the
  // 405, with its Allow header, or the 404.
  api::Response response = error.kind == api::ErrorKind::kMethodNotAllowed
                               ? Route(exchange)
                               : RoutingError(exchange, std::move(error));
  Finish(exchange, response);
  return response;
}

Dispatcher::Exchange Dispatcher::Begin(const api::Request& request) const {
  const absl::Duration begin = parts_.clock.Elapsed();
  std::optional<RouteMatch> match = parts_.router.Match(request.path);
  const ApiFamily family =
      match ? match->resource->family : ApiFamilyOfPath(request.path);
  return {.request = request,
          .match = std::move(match),
          .family = family,
          .begin = begin,
          .user = ""};
}

api::Response Dispatcher::Route(Exchange& exchange) const {
  const api::Request& request = exchange.request;
  if (!exchange.match) {
    return RoutingError(
        exchange, {.kind = api::ErrorKind::kNotFound,
                   .details = absl::StrCat("no resource has the address \"",
                                           request.path, "\"")});
  }
  const Resource& resource = *exchange.match->resource;
  if (request.method == "OPTIONS") {
    const std::string allow = resource.Allow();
    api::Response response;
    response.AddHeader("Allow", allow);
    if (exchange.family == ApiFamily::kHost) {
      parts_.cors.AddPreflightHeaders(request, allow, response);
    }
    return response;
  }
  if (const Endpoint* const endpoint = resource.Find(request.method)) {
    return CallEndpoint(exchange, *endpoint);
  }
  const std::string allow = resource.Allow();
  api::Response response = RoutingError(
      exchange,
      {.kind = api::ErrorKind::kMethodNotAllowed,
       .details = absl::StrCat("\"", request.path, "\" does not know ",
                               request.method, "; it knows ", allow)});
  response.AddHeader("Allow", allow);
  return response;
}

api::Response Dispatcher::CallEndpoint(Exchange& exchange,
                                       const Endpoint& endpoint) const {
  Access access;
  if (endpoint.scope) access = CheckAccess(exchange, endpoint.scope);
  api::Response response;
  if (access.refusal) {
    response = Render(exchange, *access.refusal);
  } else {
    HandlerResult result =
        endpoint.handler({.request = exchange.request,
                          .path_params = exchange.match->path_params,
                          .mount = exchange.match->mount,
                          .user = exchange.user});
    response = std::holds_alternative<api::Response>(result)
                   ? std::get<api::Response>(std::move(result))
                   : Render(exchange, std::get<api::Error>(result));
  }
  AddAccessHeaders(access, response);
  return response;
}

api::Response Dispatcher::RoutingError(Exchange& exchange,
                                       api::Error error) const {
  Access access;
  if (!PresentedToken(exchange.request, exchange.family).empty()) {
    access = CheckAccess(exchange, std::nullopt);
    // A bad token does not hide this error, which needs no token; a used-up
    // quota does.
    if (access.refusal && access.refusal->kind == api::ErrorKind::kThrottled) {
      error = *access.refusal;
    }
  }
  api::Response response = Render(exchange, error);
  AddAccessHeaders(access, response);
  return response;
}

Dispatcher::Access Dispatcher::CheckAccess(
    Exchange& exchange, std::optional<auth::Scope> needed) const {
  Access access;
  const auth::Secret presented =
      PresentedToken(exchange.request, exchange.family);
  absl::StatusOr<auth::Principal> principal =
      parts_.authenticator.Authenticate(presented);
  if (!principal.ok()) {
    access.refusal = api::ErrorFromStatus(principal.status());
    if (presented.empty()) {
      absl::StrAppend(&access.refusal->details, "; send the header \"",
                      "Authorization: Bearer TOKEN\"",
                      exchange.family == ApiFamily::kHost
                          ? " or the parameter token=TOKEN"
                          : "");
      return access;
    }
    access.retry_after =
        parts_.failures.RecordFailure(exchange.request.remote_address);
    if (access.retry_after > absl::ZeroDuration()) {
      access.refusal = {api::ErrorKind::kThrottled,
                        "too many bad tokens came from this address"};
    }
    return access;
  }
  access.principal = *std::move(principal);
  exchange.user = access.principal->token().name;
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

api::Response Dispatcher::Render(const Exchange& exchange,
                                 const api::Error& error) const {
  LogFault(exchange.request, error);
  api::Response response;
  response.status = api::HttpStatus(error.kind);
  response.body = exchange.family == ApiFamily::kHost
                      ? api::RenderHostError(error, absl::Now(), parts_.zone)
                      : api::RenderStacksError(error);
  if (error.kind == api::ErrorKind::kUnauthenticated) {
    response.AddHeader("WWW-Authenticate", "Bearer");
  }
  return response;
}

void Dispatcher::LogFault(const api::Request& request,
                          const api::Error& error) const {
  if (error.log_reason.empty() || parts_.log == nullptr) return;
  parts_.log->Error("request_failed", [&](api::JsonWriter& json) {
    json.Key("method");
    json.String(request.method);
    json.Key("path");
    json.String(parts_.redactor.Text(api::DecodePercent(request.path)));
    json.Key("status");
    json.Int(api::HttpStatus(error.kind));
    json.Key("reason");
    json.String(error.log_reason);
  });
}

void Dispatcher::AddAccessHeaders(const Access& access,
                                  api::Response& response) {
  if (access.rate) api::AddRateLimitHeaders(*access.rate, response);
  if (access.retry_after > absl::ZeroDuration()) {
    api::AddRetryAfter(access.retry_after, response);
  }
}

void Dispatcher::Finish(const Exchange& exchange,
                        api::Response& response) const {
  const api::Request& request = exchange.request;
  if (exchange.family == ApiFamily::kHost) {
    parts_.cors.AddHeaders(request, response);
  }
  // Responses describe this moment, and URLs may carry tokens.
  response.AddHeader("Cache-Control", "no-store");
  response.AddHeader("X-Content-Type-Options", "nosniff");
  if (!request_log_) return;
  request_log_->Add({.request = request,
                     .status = response.status,
                     .response_bytes = response.BodyView().size(),
                     .duration = parts_.clock.Elapsed() - exchange.begin,
                     .user = exchange.user});
}

}  // namespace tallyman::server
