#include "server/handlers/token_handlers.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/json/json_writer.h"
#include "api/tokens/token_json.h"
#include "api/tokens/token_operations.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "server/handlers/responses.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// `value` is null except in the response that creates the token.
api::Response RenderToken(const RequestContext& context,
                          const auth::Token& token, const auth::Secret* value) {
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteToken(token, value, json);
  });
}

HandlerResult ListTokens(auth::TokenStore& store,
                         const RequestContext& context) {
  const absl::StatusOr<std::vector<auth::Token>> tokens = store.List();
  if (!tokens.ok()) return api::ErrorFromStatus(tokens.status());
  return RenderItems(context, tokens->size(),
                     [&](api::JsonWriter& json, size_t i) {
                       api::WriteToken((*tokens)[i], /*value=*/nullptr, json);
                     });
}

// The token with that id; NotFound if there is none.
absl::StatusOr<auth::Token> FindToken(auth::TokenStore& store, int64_t id) {
  const absl::StatusOr<std::vector<auth::Token>> tokens = store.List();
  if (!tokens.ok()) return tokens.status();
  const auto token = absl::c_find_if(
      *tokens, [&](const auth::Token& t) { return t.id == id; });
  if (token == tokens->end()) {
    return absl::NotFoundError(absl::StrCat("there is no token ", id));
  }
  return *token;
}

HandlerResult CreateToken(auth::TokenStore& store,
                          const OnTokenChange& on_change,
                          const RequestContext& context) {
  if (!api::HasContentType(context.request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(
        context.request,
        R"(application/json, for example {"name":"deploy","scopes":["public"]})");
  }
  const absl::StatusOr<auth::TokenSpec> spec =
      api::ParseTokenSpec(context.request.body);
  if (!spec.ok()) return api::ErrorFromStatus(spec.status());
  const absl::StatusOr<auth::NewToken> made = store.Create(*spec);
  if (!made.ok()) return api::ErrorFromStatus(made.status());
  if (on_change) {
    on_change({.kind = TokenChange::Kind::kCreated,
               .token = made->token,
               .user = std::string(context.user)});
  }
  api::Response response = RenderToken(context, made->token, &made->value);
  SetCreated(context, absl::StrCat("/tokens/", made->token.id), response);
  return response;
}

HandlerResult GetToken(auth::TokenStore& store, const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "token");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<auth::Token> token = FindToken(store, *id);
  if (!token.ok()) return api::ErrorFromStatus(token.status());
  return RenderToken(context, *token, /*value=*/nullptr);
}

HandlerResult RevokeToken(auth::TokenStore& store,
                          const OnTokenChange& on_change,
                          const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "token");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<auth::Token> before = FindToken(store, *id);
  const absl::StatusOr<auth::Token> revoked = store.Revoke(*id);
  if (!revoked.ok()) return api::ErrorFromStatus(revoked.status());
  // To revoke a token again changes nothing.
  if (on_change && before.ok() && !before->revoked_at) {
    on_change({.kind = TokenChange::Kind::kRevoked,
               .token = *revoked,
               .user = std::string(context.user)});
  }
  return RenderToken(context, *revoked, /*value=*/nullptr);
}

}  // namespace

void AddTokenRoutes(auth::TokenStore& store, Router& router,
                    const OnTokenChange& on_change) {
  router.Add(api::kListTokens, [&store](const RequestContext& context) {
    return ListTokens(store, context);
  });
  router.Add(api::kCreateToken,
             [&store, on_change](const RequestContext& context) {
               return CreateToken(store, on_change, context);
             });
  router.Add(api::kGetToken, [&store](const RequestContext& context) {
    return GetToken(store, context);
  });
  router.Add(api::kRevokeToken,
             [&store, on_change](const RequestContext& context) {
               return RevokeToken(store, on_change, context);
             });
}

}  // namespace tallyman::server
