// OAuth clients as JSON.

#ifndef TALLYMAN_API_OAUTH_CLIENT_JSON_H_
#define TALLYMAN_API_OAUTH_CLIENT_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"

namespace tallyman::api {

// A client, the same with its secret, and the body below.
extern const Schema kClientSchema;
extern const Schema kNewClientSchema;
extern const Schema kClientSpecSchema;

inline constexpr std::string_view kClientSecretExample =
    "tlc_Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5d2E";

// Reads the body of POST /oauth/clients:
//   {"name":"deploy","scopes":["public"],"token_lifetime":3600,
//    "hourly_limit":3600,"daily_limit":0}
// Only name and scopes are required; null counts as absent. InvalidArgument
// names the wrong or unknown key, or the position of a JSON error. Unvalidated:
// auth::Validate() checks the values.
absl::StatusOr<auth::OAuthClientSpec> ParseClientSpec(std::string_view body);

// Writes the client, and its `secret` unless null: only the response that
// creates a client shows it.
void WriteClient(const auth::OAuthClient& client, const auth::Secret* secret,
                 JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OAUTH_CLIENT_JSON_H_
