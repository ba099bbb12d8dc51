#include "server/handlers/token_handlers.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "api/tokens/token_json.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "server/routing/router.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

api::Response RenderToken(const RequestContext& context,
                          const auth::Token& token, const auth::Secret* value) {
  api::Response response;
  response.body = api::RenderOne(context.mount, [&](api::JsonWriter& json) {
    api::WriteToken(token, value, json);
  });
  return response;
}

absl::StatusOr<int64_t> TokenId(const RequestContext& context) {
  const std::string& text = context.path_params[0];
  int64_t id = 0;
  if (!absl::SimpleAtoi(text, &id)) {
    return absl::NotFoundError(
        absl::StrCat("there is no token \"", text, "\""));
  }
  return id;
}

HandlerResult ListTokens(auth::TokenStore& store,
                         const RequestContext& context) {
  const absl::StatusOr<storage::PageRequest> page =
      api::ParsePageRequest(context.request.params);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  const absl::StatusOr<std::vector<auth::Token>> tokens = store.List();
  if (!tokens.ok()) return api::ErrorFromStatus(tokens.status());
  const storage::PageInfo info =
      storage::Paginate(*page, static_cast<int64_t>(tokens->size()));
  api::Response response;
  response.body = api::RenderPage(
      info, static_cast<size_t>(info.end - info.begin),
      [&](api::JsonWriter& json, size_t i) {
        api::WriteToken((*tokens)[static_cast<size_t>(info.begin) + i],
                        /*value=*/nullptr, json);
      });
  return response;
}

HandlerResult CreateToken(auth::TokenStore& store,
                          const RequestContext& context) {
  const std::string_view type = context.request.Header("Content-Type");
  const std::string_view media_type =
      absl::StripAsciiWhitespace(type.substr(0, type.find(';')));
  if (!absl::EqualsIgnoreCase(media_type, "application/json")) {
    return api::Error{
        api::ErrorKind::kUnsupportedMediaType,
        absl::StrCat("the Content-Type is \"", type,
                     "\"; send application/json, for example "
                     "{\"name\":\"deploy\",\"scopes\":[\"public\"]}")};
  }
  const absl::StatusOr<auth::TokenSpec> spec =
      api::ParseTokenSpec(context.request.body);
  if (!spec.ok()) return api::ErrorFromStatus(spec.status());
  const absl::StatusOr<auth::NewToken> made = store.Create(*spec);
  if (!made.ok()) return api::ErrorFromStatus(made.status());
  api::Response response = RenderToken(context, made->token, &made->value);
  response.status = 201;
  response.AddHeader(
      "Location",
      absl::StrCat(context.mount == api::Mount::kApi3 ? "/api/3" : "",
                   "/tokens/", made->token.id));
  return response;
}

HandlerResult GetToken(auth::TokenStore& store, const RequestContext& context) {
  const absl::StatusOr<int64_t> id = TokenId(context);
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<std::vector<auth::Token>> tokens = store.List();
  if (!tokens.ok()) return api::ErrorFromStatus(tokens.status());
  const auto token = absl::c_find_if(
      *tokens, [&](const auth::Token& t) { return t.id == *id; });
  if (token == tokens->end()) {
    return api::Error{api::ErrorKind::kNotFound,
                      absl::StrCat("there is no token ", *id)};
  }
  return RenderToken(context, *token, /*value=*/nullptr);
}

HandlerResult RevokeToken(auth::TokenStore& store,
                          const RequestContext& context) {
  const absl::StatusOr<int64_t> id = TokenId(context);
  if (!id.ok()) return api::ErrorFromStatus(id.status());
  const absl::StatusOr<auth::Token> revoked = store.Revoke(*id);
  if (!revoked.ok()) return api::ErrorFromStatus(revoked.status());
  return RenderToken(context, *revoked, /*value=*/nullptr);
}

// An endpoint for administrators that calls `handle` with the store.
Endpoint Admin(auth::TokenStore& store,
               HandlerResult (*handle)(auth::TokenStore&,
                                       const RequestContext&)) {
  return {.scope = auth::Scope::kAdmin,
          .handler = [&store, handle](const RequestContext& context) {
            return handle(store, context);
          }};
}

}  // namespace

void AddTokenRoutes(auth::TokenStore& store, Router& router) {
  router.Add(
      "/tokens", ApiFamily::kStacks,
      {{"GET", Admin(store, ListTokens)}, {"POST", Admin(store, CreateToken)}});
  router.Add(
      "/tokens/{id}", ApiFamily::kStacks,
      {{"GET", Admin(store, GetToken)}, {"DELETE", Admin(store, RevokeToken)}});
}

}  // namespace tallyman::server
