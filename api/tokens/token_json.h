// Tokens as JSON.

#ifndef TALLYMAN_API_TOKENS_TOKEN_JSON_H_
#define TALLYMAN_API_TOKENS_TOKEN_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::api {

inline constexpr std::string_view kClientIdExample = "client-1";

// A token, the same with its secret, and the body below.
extern const Schema kTokenSchema;
extern const Schema kNewTokenSchema;
extern const Schema kTokenSpecSchema;

// Reads the body of POST /tokens:
//   {"name":"deploy","scopes":["public"],"expires_at":"2030-01-31T12:00:00Z",
//    "hourly_limit":3600,"daily_limit":0}
// Only name and scopes are required; null counts as absent. InvalidArgument
// names the wrong or unknown key, or the position of a JSON error. Unvalidated:
// auth::Validate() checks the values.
absl::StatusOr<auth::TokenSpec> ParseTokenSpec(std::string_view body);

// Writes the token, and its secret `value` unless null: only the response that
// creates a token shows it.
void WriteToken(const auth::Token& token, const auth::Secret* value,
                JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_TOKENS_TOKEN_JSON_H_
