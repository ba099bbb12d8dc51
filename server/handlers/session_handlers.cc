#include "server/handlers/session_handlers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/parameter.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/rate_limit_headers.h"
#include "api/json/json_writer.h"
#include "api/sessions/session_json.h"
#include "api/sessions/session_operations.h"
#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "auth/token.h"
#include "server/handlers/responses.h"
#include "server/handlers/session_change.h"
#include "server/handlers/throttling.h"
#include "server/routing/router.h"
#include "server/routing/session_cookie.h"

namespace tallyman::server {
namespace {

void Report(const SessionServices& services, SessionChange::Kind kind,
            const auth::Session& session, std::string_view user,
            std::string_view reason) {
  if (!services.on_change) return;
  services.on_change({.kind = kind,
                      .session = session,
                      .user = std::string(user),
                      .reason = reason});
}

// Refuses a bad token or code: 401, or 429 after too many.
HandlerResult RefuseGuess(const SessionServices& services,
                          const RequestContext& context,
                          const absl::Status& why) {
  if (auto throttled =
          ThrottleGuesses(context, "tokens or codes", services.failures)) {
    return *std::move(throttled);
  }
  return api::ErrorFromStatus(why);
}

// A sign-in that is allowed.
struct Admitted {
  int64_t token_id;
  std::optional<auth::RateDecision> rate;  // By token: it counts.
};

std::variant<Admitted, HandlerResult> Admit(const SessionServices& services,
                                            const RequestContext& context,
                                            const api::SignIn& sign_in) {
  if (sign_in.code) {
    const std::optional<int64_t> token_id =
        services.code == nullptr ? std::nullopt
                                 : services.code->Redeem(*sign_in.code);
    if (token_id) return Admitted{.token_id = *token_id, .rate = std::nullopt};
    return RefuseGuess(services, context,
                       absl::UnauthenticatedError(
                           "the code is wrong, was used before, or is older "
                           "than ten minutes; sign in with a token"));
  }
  const absl::StatusOr<auth::Principal> principal =
      services.authenticator.Authenticate(*sign_in.token);
  if (!principal.ok()) {
    return RefuseGuess(services, context, principal.status());
  }
  const auth::Token& token = principal->token();
  const auth::RateDecision rate =
      services.limiter.Admit(auth::SessionQuotaOf(token));
  if (rate.allowed) return Admitted{.token_id = token.id, .rate = rate};
  return HandlerResult(OverLimit("the limit of the token's sessions", rate));
}

HandlerResult BeginSession(const SessionServices& services,
                           const RequestContext& context) {
  const api::Request& request = context.request;
  if (!api::HasContentType(request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(
        request, R"(application/json, for example {"token":"tly_..."})");
  }
  // The answer sets a cookie. Programs that are no browser send neither header.
  if (absl::Status own = CheckSameOrigin(request, /*needs_proof=*/false);
      !own.ok()) {
    return api::ErrorFromStatus(own);
  }
  const absl::StatusOr<api::SignIn> sign_in = api::ParseSignIn(request.body);
  if (!sign_in.ok()) return api::ErrorFromStatus(sign_in.status());
  auto admitted = Admit(services, context, *sign_in);
  if (auto* const refusal = std::get_if<HandlerResult>(&admitted)) {
    return std::move(*refusal);
  }
  const auto& [token_id, rate] = std::get<Admitted>(admitted);
  const absl::StatusOr<auth::NewSession> made =
      services.sessions.Create(token_id,
                               {std::string(request.Header("User-Agent")),
                                std::string(context.client_address)},
                               services.cookie.Find(request, context.is_https));
  if (!made.ok()) return api::ErrorFromStatus(made.status());
  const std::string& user = made->session.token.name;
  Report(services, SessionChange::Kind::kCreated, made->session, user,
         sign_in->code ? "signed in by code" : "signed in by token");
  for (const auth::Session& replaced : made->replaced) {
    Report(services, SessionChange::Kind::kEnded, replaced, user,
           "replaced by a newer one");
  }
  api::Response response;
  response.status = 201;
  api::JsonWriter json(response.body);
  api::WriteSessionEnvelope(made->session, &made->key, json);
  response.AddHeader("Location", "/session");
  response.AddHeader("Set-Cookie",
                     services.cookie.Set(made->cookie, context.is_https));
  if (rate) api::AddRateLimitHeaders(*rate, response);
  return response;
}

// For a request with a token in place of a session.
api::Error NoSession() {
  return {.kind = api::ErrorKind::kUnauthenticated,
          .details =
              "the request has a token and no session; POST /session "
              "begins one"};
}

HandlerResult GetSession(const SessionServices& services,
                         const RequestContext& context) {
  if (context.session_id == 0) return NoSession();
  const std::vector<auth::Session> sessions =
      services.sessions.List(context.token_id);
  const auto session =
      absl::c_find_if(sessions, [&](const auth::Session& candidate) {
        return candidate.id == context.session_id;
      });
  if (session == sessions.end()) {
    return api::Error{api::ErrorKind::kUnauthenticated,
                      "the session has ended; sign in again"};
  }
  api::Response response;
  api::JsonWriter json(response.body);
  api::WriteSessionEnvelope(*session, /*key=*/nullptr, json);
  return response;
}

// The answer to a request that has ended `ended`.
api::Response Ended(const SessionServices& services,
                    const RequestContext& context,
                    const std::vector<auth::Session>& ended,
                    std::string_view reason) {
  api::Response response;
  response.status = 204;
  for (const auth::Session& session : ended) {
    Report(services, SessionChange::Kind::kEnded, session, context.user,
           reason);
    // Other tabs of the browser may need the cookie.
    if (session.id == context.session_id &&
        !services.sessions.index().HasCookie(
            services.cookie.Find(context.request, context.is_https))) {
      response.AddHeader("Set-Cookie", services.cookie.Clear(context.is_https));
    }
  }
  return response;
}

HandlerResult EndSession(const SessionServices& services,
                         const RequestContext& context) {
  if (context.session_id == 0) return NoSession();
  absl::StatusOr<auth::Session> ended =
      services.sessions.End(context.session_id);
  // Another request may have ended it meanwhile.
  if (absl::IsNotFound(ended.status())) {
    return Ended(services, context, {}, "");
  }
  if (!ended.ok()) return api::ErrorFromStatus(ended.status());
  return Ended(services, context, {*std::move(ended)}, "signed out");
}

// The sessions that the request may see and end.
std::vector<auth::Session> VisibleSessions(const SessionServices& services,
                                           const RequestContext& context) {
  return context.scopes.Allows(auth::Scope::kAdmin)
             ? services.sessions.List()
             : services.sessions.List(context.token_id);
}

HandlerResult ListSessions(const SessionServices& services,
                           const RequestContext& context) {
  const std::vector<auth::Session> sessions =
      VisibleSessions(services, context);
  return RenderItems(
      context, sessions.size(),
      [&](api::JsonWriter& json, size_t i) {
        api::WriteSession(sessions[i], /*key=*/nullptr,
                          sessions[i].id == context.session_id, json);
      },
      api::kSessionsKey);
}

HandlerResult EndSessions(const SessionServices& services,
                          const RequestContext& context) {
  const auto token_id =
      api::ReadInteger(context.request.params, api::kTokenIdParameter);
  if (!token_id.ok()) return api::ErrorFromStatus(token_id.status());
  const int64_t token = token_id->value_or(context.token_id);
  if (token != context.token_id &&
      !context.scopes.Allows(auth::Scope::kAdmin)) {
    return api::Error{
        api::ErrorKind::kForbidden,
        R"(token_id: sessions of another token need the scope "admin")"};
  }
  const absl::StatusOr<std::vector<auth::Session>> ended =
      services.sessions.EndAllOfToken(token);
  if (!ended.ok()) return api::ErrorFromStatus(ended.status());
  return Ended(services, context, *ended, "signed out everywhere");
}

HandlerResult EndListedSession(const SessionServices& services,
                               const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "session");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const bool is_visible = absl::c_any_of(
      VisibleSessions(services, context),
      [&](const auth::Session& session) { return session.id == *id; });
  absl::StatusOr<auth::Session> ended =
      is_visible
          ? services.sessions.End(*id)
          : absl::NotFoundError(absl::StrCat("there is no session ", *id));
  if (!ended.ok()) return api::ErrorFromStatus(ended.status());
  return Ended(services, context, {*std::move(ended)}, "ended by request");
}

}  // namespace

void AddSessionRoutes(const SessionServices& services, Router& router) {
  const auto add = [&](const api::Operation& operation, auto* handler) {
    router.Add(operation, [services, handler](const RequestContext& context) {
      return handler(services, context);
    });
  };
  add(api::kBeginSession, BeginSession);
  add(api::kGetSession, GetSession);
  add(api::kEndSession, EndSession);
  add(api::kListSessions, ListSessions);
  add(api::kEndSessions, EndSessions);
  add(api::kEndListedSession, EndListedSession);
}

}  // namespace tallyman::server
