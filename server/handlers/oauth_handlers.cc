#include "server/handlers/oauth_handlers.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/oauth/oauth_answers.h"
#include "api/oauth/oauth_error.h"
#include "api/oauth/oauth_form.h"
#include "api/oauth/oauth_operations.h"
#include "auth/authenticator.h"
#include "auth/oauth_client.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "server/handlers/throttling.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using api::OAuthError;
using api::OAuthForm;

// A request of a client that has proved who it is.
struct ClientRequest {
  auth::OAuthClient client;
  OAuthForm form;
};

// The client and the form of the request, which counts against the quota of the
// client; or the answer that refuses it.
std::variant<ClientRequest, HandlerResult> ReadRequest(
    const OAuthServices& services, const RequestContext& context) {
  const api::Request& request = context.request;
  if (!api::HasContentType(request, api::kFormMediaType)) {
    return HandlerResult(
        api::UnsupportedMediaType(request, api::kFormMediaType));
  }
  absl::StatusOr<OAuthForm> form = OAuthForm::Parse(request.body);
  if (!form.ok()) {
    return HandlerResult(api::RenderOAuthError(OAuthError::kInvalidRequest,
                                               form.status().message()));
  }
  const absl::StatusOr<std::optional<api::ClientCredentials>> credentials =
      api::ReadClientCredentials(request.Header("Authorization"), *form);
  if (absl::IsInvalidArgument(credentials.status())) {
    return HandlerResult(api::RenderOAuthError(OAuthError::kInvalidRequest,
                                               credentials.status().message()));
  }
  if (credentials.ok() && !credentials->has_value()) {
    // As with a missing token, this is no guess.
    return HandlerResult(api::RenderOAuthError(
        OAuthError::kInvalidClient,
        "the client does not authenticate; send its id and secret by the "
        "scheme Basic, or as client_id and client_secret in the body"));
  }
  absl::StatusOr<auth::OAuthClient> client =
      credentials.ok() ? services.clients.Authenticate((*credentials)->id,
                                                       (*credentials)->secret)
                       : credentials.status();
  if (!client.ok()) {
    if (auto throttled =
            ThrottleGuesses(context, "credentials", services.failures)) {
      return HandlerResult(*std::move(throttled));
    }
    return HandlerResult(api::RenderOAuthError(OAuthError::kInvalidClient,
                                               client.status().message()));
  }
  const auth::RateDecision rate =
      services.limiter.Admit(auth::QuotaOf(*client));
  if (!rate.allowed) {
    return HandlerResult(OverLimit("the client's limit", rate));
  }
  return ClientRequest{.client = *std::move(client), .form = *std::move(form)};
}

HandlerResult IssueToken(const OAuthServices& services,
                         const RequestContext& context) {
  auto read = ReadRequest(services, context);
  if (auto* const refusal = std::get_if<HandlerResult>(&read)) {
    return std::move(*refusal);
  }
  const auto& [client, form] = std::get<ClientRequest>(read);
  const std::optional<std::string_view> grant = form.Get(api::kGrantType);
  if (!grant) {
    return api::RenderOAuthError(OAuthError::kInvalidRequest,
                                 "grant_type is missing");
  }
  if (*grant != api::kClientCredentialsGrant) {
    return api::RenderOAuthError(OAuthError::kUnsupportedGrantType,
                                 "the only grant_type is client_credentials");
  }
  auth::ScopeSet scopes = client.scopes;
  if (const auto scope = form.Get(api::kScopeName)) {
    const absl::StatusOr<auth::ScopeSet> asked =
        api::ParseScopeParameter(*scope);
    if (!asked.ok()) {
      return api::RenderOAuthError(OAuthError::kInvalidScope,
                                   asked.status().message());
    }
    scopes = *asked;
  }
  const absl::StatusOr<auth::NewToken> made =
      services.clients.IssueToken(client.id, scopes);
  switch (made.status().code()) {
    case absl::StatusCode::kOk:
      break;
    case absl::StatusCode::kPermissionDenied:
      return api::RenderOAuthError(OAuthError::kInvalidScope,
                                   made.status().message());
    case absl::StatusCode::kUnauthenticated:
      return api::RenderOAuthError(OAuthError::kInvalidClient,
                                   made.status().message());
    case absl::StatusCode::kFailedPrecondition:
      // Too many tokens of others: nothing that this client could change.
      return api::Error{api::ErrorKind::kUnavailable,
                        std::string(made.status().message())};
    default:
      return api::ErrorFromStatus(made.status());
  }
  if (services.on_token_change) {
    services.on_token_change({.kind = TokenChange::Kind::kCreated,
                              .token = made->token,
                              .user = client.name});
  }
  api::Response response;
  response.body =
      api::RenderAccessToken(made->token, made->value, services.clock.Now());
  response.AddHeader("Pragma", "no-cache");  // RFC 6749, section 5.1.
  return response;
}

HandlerResult RevokeToken(const OAuthServices& services,
                          const RequestContext& context) {
  auto read = ReadRequest(services, context);
  if (auto* const refusal = std::get_if<HandlerResult>(&read)) {
    return std::move(*refusal);
  }
  const auto& [client, form] = std::get<ClientRequest>(read);
  const std::optional<std::string_view> token = form.Get(api::kTokenName);
  if (!token) {
    return api::RenderOAuthError(OAuthError::kInvalidRequest,
                                 "token is missing");
  }
  // An invalid token is where the client wants it (RFC 7009, section 2.2).
  api::Response response;
  response.body = "{}";
  const absl::StatusOr<auth::Principal> principal =
      services.authenticator.Authenticate(auth::Secret(*token));
  if (!principal.ok()) return response;
  if (principal->token().client_id != client.id) {
    return api::RenderOAuthError(OAuthError::kUnauthorizedClient,
                                 "the token was not issued to this client");
  }
  const absl::StatusOr<auth::Token> revoked =
      services.tokens.Revoke(principal->token().id);
  if (!revoked.ok() && !absl::IsNotFound(revoked.status())) {
    return api::ErrorFromStatus(revoked.status());
  }
  if (services.on_token_change && revoked.ok()) {
    services.on_token_change({.kind = TokenChange::Kind::kRevoked,
                              .token = *revoked,
                              .user = client.name});
  }
  return response;
}

HandlerResult GetMetadata(const RequestContext& context) {
  const std::string_view host = context.request.Header("Host");
  const std::optional<std::string> issuer =
      api::IssuerOf(context.is_https, host);
  if (!issuer) {
    return api::Error{api::ErrorKind::kBadRequest,
                      "Host must have the name of this server"};
  }
  api::Response response;
  response.body = api::RenderMetadata(*issuer);
  return response;
}

}  // namespace

void AddOAuthRoutes(const OAuthServices& services, Router& router) {
  router.Add(api::kIssueToken, [services](const RequestContext& context) {
    return IssueToken(services, context);
  });
  router.Add(api::kRevokeOAuthToken, [services](const RequestContext& context) {
    return RevokeToken(services, context);
  });
  router.Add(api::kGetOAuthMetadata, GetMetadata, /*is_fast=*/true);
}

}  // namespace tallyman::server
