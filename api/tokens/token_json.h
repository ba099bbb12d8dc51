// Tokens as JSON.

#ifndef TALLYMAN_API_TOKENS_TOKEN_JSON_H_
#define TALLYMAN_API_TOKENS_TOKEN_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::api {

// Reads what POST /tokens takes:
//   {"name":"deploy","scopes":["public"],"expires_at":"2030-01-31T12:00:00Z",
//    "hourly_limit":3600,"daily_limit":0}
// Only name and scopes are needed; null is as good as absent. InvalidArgument
// names the key that is wrong or unknown, or where the text is no JSON. Whether
// the values make sense is for auth::Validate to say.
absl::StatusOr<auth::TokenSpec> ParseTokenSpec(std::string_view body);

// Writes the token, and, right after it was made, its value.
void WriteToken(const auth::Token& token, const auth::Secret* value,
                JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_TOKENS_TOKEN_JSON_H_
