#include "server/routing/dispatcher.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/query_check.h"
#include "api/host/host_envelope.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/rate_limit_headers.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "platform/base/text.h"
#include "server/access/client_address.h"
#include "server/access/host_check.h"
#include "server/log/log.h"
#include "server/log/request_log.h"
#include "server/routing/authorized_stream.h"
#include "server/routing/presented_token.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"

namespace tallyman::server {
namespace {

// A longer path is cut in an error.
constexpr size_t kMaxShownPath = 256;

}  // namespace

// A request on its way to the handler of an endpoint.
class Dispatcher::EndpointCall : public RequestHandler::Call {
 public:
  EndpointCall(const Dispatcher& dispatcher, Exchange exchange, Access access,
               const Endpoint& endpoint)
      : dispatcher_(dispatcher),
        exchange_(std::move(exchange)),
        access_(std::move(access)),
        endpoint_(endpoint) {}

  bool IsFast() const override { return endpoint_.is_fast; }

  api::Response Respond(const api::Request& request) override {
    api::Response response =
        dispatcher_.CallEndpoint(request, exchange_, access_, endpoint_);
    dispatcher_.Finish(request, exchange_, response);
    return response;
  }

  api::Response Reject(const api::Request& request, api::Error error) override {
    return dispatcher_.Refuse(request, exchange_, access_, error);
  }

 private:
  const Dispatcher& dispatcher_;
  const Exchange exchange_;
  const Access access_;
  const Endpoint& endpoint_;
};

Dispatcher::Dispatcher(const Parts& parts) : parts_(parts) {
  if (parts.log != nullptr && parts.log_requests) {
    request_log_.emplace(*parts.log, parts.redactor);
  }
}

RequestHandler::Admission Dispatcher::Admit(const api::Request& head) const {
  Exchange exchange = Begin(head);
  auto routed = Route(head, exchange);
  if (auto* const response = std::get_if<api::Response>(&routed)) {
    Finish(head, exchange, *response);
    return std::move(*response);
  }
  const Endpoint& endpoint = *std::get<const Endpoint*>(routed);
  const api::Operation& operation = *endpoint.operation;
  Access access;
  if (operation.scope) access = CheckAccess(head, exchange, operation.scope);
  if (access.refusal) return Refuse(head, exchange, access, *access.refusal);
  if (absl::Status known =
          api::CheckQuery(operation, head.params, exchange.match->path_params);
      !known.ok()) {
    return Refuse(head, exchange, access, api::ErrorFromStatus(known));
  }
  return std::make_unique<EndpointCall>(*this, std::move(exchange),
                                        std::move(access), endpoint);
}

api::Response Dispatcher::Reject(const api::Request& request,
                                 api::Error error) const {
  Exchange exchange = Begin(request);
  api::Response response = RoutingError(request, exchange, std::move(error));
  Finish(request, exchange, response);
  return response;
}

api::Response Dispatcher::Handle(const api::Request& request) const {
  Admission admission = Admit(request);
  if (auto* const response = std::get_if<api::Response>(&admission)) {
    return std::move(*response);
  }
  return std::get<std::unique_ptr<Call>>(admission)->Respond(request);
}

Dispatcher::Exchange Dispatcher::Begin(const api::Request& request) const {
  const absl::Duration begin = parts_.clock.Elapsed();
  std::optional<RouteMatch> match = parts_.router.Match(request.path);
  const ApiFamily family =
      match ? match->resource->family : ApiFamilyOfPath(request.path);
  Exchange exchange = {.match = std::move(match),
                       .endpoint = nullptr,
                       .family = family,
                       .begin = begin,
                       .user = "",
                       .client = "",
                       .is_https = request.is_encrypted,
                       .has_forwarding_conflict = false,
                       .has_session = false};
  SetClient(request, exchange);
  return exchange;
}

void Dispatcher::SetClient(const api::Request& request,
                           Exchange& exchange) const {
  exchange.client = request.remote_address;
  if (parts_.proxies == nullptr ||
      !parts_.proxies->Trusts(request.remote_address)) {
    return;
  }
  std::vector<std::string_view> x_forwarded_for;
  std::vector<std::string_view> forwarded;
  std::vector<std::string_view> x_forwarded_proto;
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, "X-Forwarded-For")) {
      x_forwarded_for.push_back(value);
    } else if (absl::EqualsIgnoreCase(name, "Forwarded")) {
      forwarded.push_back(value);
    } else if (absl::EqualsIgnoreCase(name, "X-Forwarded-Proto")) {
      x_forwarded_proto.push_back(value);
    }
  }
  ClientAddress client = parts_.proxies->Resolve(
      request.remote_address, {.x_forwarded_for = x_forwarded_for,
                               .forwarded = forwarded,
                               .x_forwarded_proto = x_forwarded_proto});
  exchange.client = std::move(client.address);
  exchange.is_https = client.is_https.value_or(request.is_encrypted);
  exchange.has_forwarding_conflict = client.is_contradictory;
}

std::variant<const Endpoint*, api::Response> Dispatcher::Route(
    const api::Request& request, Exchange& exchange) const {
  if (const std::string_view host = request.Header("Host");
      parts_.hosts != nullptr && !parts_.hosts->Allows(host)) {
    return RoutingError(
        request, exchange,
        {.kind = api::ErrorKind::kMisdirectedRequest,
         .details = absl::StrCat("Host ", base::Quote(host),
                                 " is not a name of this server "
                                 "(--allowed_hosts)")});
  }
  if (request.path == "*") {
    // Of the server as a whole (RFC 9110, section 9.3.7).
    api::Response response;
    response.AddHeader("Allow", parts_.router.Allow());
    return response;
  }
  if (!exchange.match) {
    return RoutingError(
        request, exchange,
        {.kind = api::ErrorKind::kNotFound,
         .details = absl::StrCat("no resource has the address ",
                                 base::Quote(request.path, kMaxShownPath))});
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
  exchange.endpoint = resource.Find(request.method);
  if (exchange.endpoint != nullptr) return exchange.endpoint;
  const std::string allow = resource.Allow();
  api::Response response = RoutingError(
      request, exchange,
      {.kind = api::ErrorKind::kMethodNotAllowed,
       .details = absl::StrCat(base::Quote(request.path, kMaxShownPath),
                               " does not know ", request.method, "; it knows ",
                               allow)});
  response.AddHeader("Allow", allow);
  return response;
}

api::Response Dispatcher::CallEndpoint(const api::Request& request,
                                       const Exchange& exchange,
                                       const Access& access,
                                       const Endpoint& endpoint) const {
  const RequestContext context = {
      .request = request,
      .path_params = exchange.match->path_params,
      .mount = exchange.match->mount,
      .operation = *endpoint.operation,
      .user = exchange.user,
      .token_id = access.principal ? access.principal->token().id : 0,
      .scopes = access.principal ? access.principal->token().scopes
                                 : auth::ScopeSet(),
      .session_id = access.principal ? access.principal->session_id() : 0,
      .client_address = exchange.client,
      .is_https = exchange.is_https};
  HandlerResult result = endpoint.handler(context);
  api::Response response =
      std::holds_alternative<api::Response>(result)
          ? std::get<api::Response>(std::move(result))
          : Render(request, exchange, std::get<api::Error>(result));
  if (response.stream != nullptr && access.principal) {
    response.stream = std::make_unique<AuthorizedStream>(
        std::move(response.stream), *access.principal, parts_.authenticator,
        parts_.metrics);
  }
  AddAccessHeaders(access, response);
  return response;
}

api::Response Dispatcher::RoutingError(const api::Request& request,
                                       Exchange& exchange,
                                       api::Error error) const {
  Access access;
  if (!PresentedToken(request, exchange.family).empty() ||
      (parts_.session_cookie != nullptr &&
       FindSession(request, *parts_.session_cookie, exchange.is_https))) {
    access = CheckAccess(request, exchange, std::nullopt);
    // A bad token does not hide this error, which needs no token; a used-up
    // quota does.
    if (access.refusal && access.refusal->kind == api::ErrorKind::kThrottled) {
      error = *access.refusal;
    }
  }
  api::Response response = Render(request, exchange, error);
  AddAccessHeaders(access, response);
  return response;
}

std::optional<auth::Principal> Dispatcher::Identify(const api::Request& request,
                                                    Exchange& exchange,
                                                    Access& access) const {
  const auto refuse = [&access](const absl::Status& why) {
    access.refusal = api::ErrorFromStatus(why);
    return std::optional<auth::Principal>();
  };
  const auto refuse_guess = [&](const absl::Status& why,
                                std::string_view what) {
    access.retry_after = parts_.failures.RecordFailure(exchange.client);
    if (access.retry_after == absl::ZeroDuration()) return refuse(why);
    access.refusal = {
        api::ErrorKind::kThrottled,
        absl::StrCat("too many bad ", what, " came from this address")};
    return std::optional<auth::Principal>();
  };
  const auth::Secret token = PresentedToken(request, exchange.family);
  if (token.empty() && parts_.session_cookie != nullptr) {
    const auto session =
        FindSession(request, *parts_.session_cookie, exchange.is_https);
    exchange.has_session = session.has_value();
    if (session) {
      // Half a session is no guess, as a missing token is none.
      if (!session->ok()) return refuse(session->status());
      absl::StatusOr<auth::Principal> principal =
          parts_.authenticator.AuthenticateSession((*session)->cookie,
                                                   (*session)->key);
      if (!principal.ok()) return refuse_guess(principal.status(), "sessions");
      return *std::move(principal);
    }
  }
  absl::StatusOr<auth::Principal> principal =
      parts_.authenticator.Authenticate(token);
  if (principal.ok()) return *std::move(principal);
  if (!token.empty()) return refuse_guess(principal.status(), "tokens");
  refuse(principal.status());
  absl::StrAppend(&access.refusal->details, "; send the header \"",
                  "Authorization: Bearer TOKEN\"",
                  exchange.family == ApiFamily::kHost
                      ? " or the parameter token=TOKEN"
                      : "");
  return std::nullopt;
}

Dispatcher::Access Dispatcher::CheckAccess(
    const api::Request& request, Exchange& exchange,
    std::optional<auth::Scope> needed) const {
  Access access;
  access.principal = Identify(request, exchange, access);
  if (!access.principal) return access;
  exchange.user = access.principal->token().name;
  access.rate = parts_.limiter.Admit(access.principal->quota());
  if (!access.rate->allowed) {
    access.refusal = {
        api::ErrorKind::kThrottled,
        api::DescribeUsedUp(exchange.has_session
                                ? "the limit of the token's sessions"
                                : "the token's limit",
                            *access.rate)};
    return access;
  }
  if (needed) {
    if (absl::Status may = access.principal->Authorize(*needed); !may.ok()) {
      access.refusal = api::ErrorFromStatus(may);
    }
  }
  return access;
}

api::Response Dispatcher::Refuse(const api::Request& request,
                                 const Exchange& exchange, const Access& access,
                                 const api::Error& error) const {
  api::Response response = Render(request, exchange, error);
  AddAccessHeaders(access, response);
  Finish(request, exchange, response);
  return response;
}

api::Response Dispatcher::Render(const api::Request& request,
                                 const Exchange& exchange,
                                 const api::Error& error) const {
  LogFault(request, error);
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

void Dispatcher::Finish(const api::Request& request, const Exchange& exchange,
                        api::Response& response) const {
  if (exchange.family == ApiFamily::kHost && !exchange.has_session) {
    parts_.cors.AddHeaders(request, response);
  }
  response.AddHeader("Cache-Control", std::string(response.cache_control));
  response.AddHeader("X-Content-Type-Options", "nosniff");
  if (exchange.is_https && parts_.hsts_max_age > absl::ZeroDuration()) {
    response.AddHeader(
        "Strict-Transport-Security",
        absl::StrCat("max-age=", absl::ToInt64Seconds(parts_.hsts_max_age)));
  }
  if (parts_.metrics == nullptr && !request_log_) return;
  const absl::Duration duration = parts_.clock.Elapsed() - exchange.begin;
  if (parts_.metrics != nullptr) {
    parts_.metrics->Record(exchange.endpoint == nullptr
                               ? std::nullopt
                               : std::optional(exchange.endpoint->index),
                           response.status, duration);
  }
  if (!request_log_) return;
  request_log_->Add(
      {.request = request,
       .status = response.status,
       .response_bytes = response.BodyView().size(),
       .duration = duration,
       .user = exchange.user,
       .remote = exchange.client,
       .has_forwarding_conflict = exchange.has_forwarding_conflict});
}

}  // namespace tallyman::server
