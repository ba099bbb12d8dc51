#include "server/handlers/client_handlers.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/json/json_writer.h"
#include "api/oauth/client_json.h"
#include "api/oauth/oauth_operations.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "auth/sqlite_client_store.h"
#include "auth/token.h"
#include "server/handlers/responses.h"
#include "server/handlers/token_change.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using auth::SqliteClientStore;

// `secret` is null except in the response that creates the client.
api::Response RenderClient(const RequestContext& context,
                           const auth::OAuthClient& client,
                           const auth::Secret* secret) {
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteClient(client, secret, json);
  });
}

HandlerResult ListClients(SqliteClientStore& store,
                          const RequestContext& context) {
  const std::vector<auth::OAuthClient> clients = store.List();
  return RenderItems(context, clients.size(),
                     [&](api::JsonWriter& json, size_t i) {
                       api::WriteClient(clients[i], /*secret=*/nullptr, json);
                     });
}

HandlerResult CreateClient(SqliteClientStore& store,
                           const RequestContext& context) {
  if (!api::HasContentType(context.request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(
        context.request,
        R"(application/json, for example {"name":"deploy","scopes":["public"]})");
  }
  const absl::StatusOr<auth::OAuthClientSpec> spec =
      api::ParseClientSpec(context.request.body);
  if (!spec.ok()) return api::ErrorFromStatus(spec.status());
  const absl::StatusOr<auth::NewOAuthClient> made = store.Create(*spec);
  if (!made.ok()) return api::ErrorFromStatus(made.status());
  api::Response response = RenderClient(context, made->client, &made->secret);
  SetCreated(context, absl::StrCat("/oauth/clients/", made->client.id),
             response);
  return response;
}

HandlerResult GetClient(SqliteClientStore& store,
                        const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "client");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<auth::OAuthClient> client = store.Get(*id);
  if (!client.ok()) return api::ErrorFromStatus(client.status());
  return RenderClient(context, *client, /*secret=*/nullptr);
}

HandlerResult RevokeClient(SqliteClientStore& store,
                           const OnTokenChange& on_token_change,
                           const RequestContext& context) {
  const absl::StatusOr<int64_t> id = ParseItemId(context, "client");
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<auth::RevokedClient> revoked = store.Revoke(*id);
  if (!revoked.ok()) return api::ErrorFromStatus(revoked.status());
  if (on_token_change) {
    for (const auth::Token& token : revoked->tokens) {
      on_token_change({.kind = TokenChange::Kind::kRevoked,
                       .token = token,
                       .user = std::string(context.user)});
    }
  }
  return RenderClient(context, revoked->client, /*secret=*/nullptr);
}

}  // namespace

void AddClientRoutes(SqliteClientStore& store, Router& router,
                     const OnTokenChange& on_token_change) {
  const auto add =
      [&](const api::Operation& operation,
          HandlerResult (*handler)(SqliteClientStore&, const RequestContext&)) {
        router.Add(operation, [&store, handler](const RequestContext& context) {
          return handler(store, context);
        });
      };
  add(api::kListClients, ListClients);
  add(api::kCreateClient, CreateClient);
  add(api::kGetClient, GetClient);
  router.Add(api::kRevokeClient,
             [&store, on_token_change](const RequestContext& context) {
               return RevokeClient(store, on_token_change, context);
             });
}

}  // namespace tallyman::server
