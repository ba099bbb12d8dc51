#include "api/tokens/token_json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/tokens/token_fields.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

constexpr Field kId = {"id", Integer("The id; never used again.", "2", 1)};
constexpr Field kName = {
    "name", String("The `user` of actions that it starts.", "dashboard")};
constexpr Field kExpiresAt = {
    "expires_at", OrNull(Time("The first moment at which it is refused; null: "
                              "it does not expire.",
                              "2099-01-31T12:00:00Z"))};
constexpr Field kToken = {"token", String("The token, shown only this once.",
                                          kTokenParameter.schema.example)};

constexpr Field kClient = {
    "client_id",
    String("The OAuth client that it was issued to; absent: none.",
           kClientIdExample),
    kOptional};

constexpr Field kTokenFields[] = {kId,
                                  kName,
                                  kScopesField,
                                  kHourlyLimitField,
                                  kDailyLimitField,
                                  kCreatedAtField,
                                  kExpiresAt,
                                  kRevokedAtField,
                                  kClient};
constexpr Field kNewTokenFields[] = {kId,
                                     kName,
                                     kScopesField,
                                     kToken,
                                     kHourlyLimitField,
                                     kDailyLimitField,
                                     kCreatedAtField,
                                     kExpiresAt,
                                     kRevokedAtField};

constexpr Field kSpecFields[] = {
    kNameSpecField,        kScopesSpecField,     Absent(kExpiresAt, ""),
    kHourlyLimitSpecField, kDailyLimitSpecField,
};

absl::Status ReadTime(std::string_view key, const Json& value,
                      std::optional<absl::Time>& time) {
  if (!value.is_string()) return WrongType(key, "a string", value);
  absl::StatusOr<absl::Time> parsed =
      ParseTimestamp(value.get_ref<const std::string&>());
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, ": ", parsed.status().message()));
  }
  time = *parsed;
  return absl::OkStatus();
}

absl::Status ReadLimit(std::string_view key, const Json& value,
                       int64_t& limit) {
  const std::optional<int64_t> number = IntegerOf(value);
  if (!number) return WrongType(key, "an integer of at most 64 bits", value);
  limit = *number;
  return absl::OkStatus();
}

absl::Status ReadMember(std::string_view key, const Json& value,
                        auth::TokenSpec& spec) {
  if (key == "name") return ReadString(key, value, spec.name);
  if (key == "scopes") return ReadScopes(value, spec.scopes);
  if (key == "expires_at") return ReadTime(key, value, spec.expires_at);
  if (key == "hourly_limit") return ReadLimit(key, value, spec.hourly_limit);
  if (key == "daily_limit") return ReadLimit(key, value, spec.daily_limit);
  return UnknownKey(/*prefix=*/"", key, FieldNames(kTokenSpecSchema));
}

}  // namespace

constexpr Schema kTokenSchema = Object("Token", "A token.", kTokenFields);
constexpr Schema kNewTokenSchema =
    Object("NewToken", "A token that was just made.", kNewTokenFields);
constexpr Schema kTokenSpecSchema =
    Object("TokenSpec", "A token to make.", kSpecFields);

absl::StatusOr<auth::TokenSpec> ParseTokenSpec(std::string_view body) {
  absl::StatusOr<Json> json = ParseJsonObject(body);
  if (!json.ok()) return json.status();
  auth::TokenSpec spec;
  for (const auto& [key, value] : json->items()) {
    if (value.is_null()) continue;
    if (absl::Status read = ReadMember(key, value, spec); !read.ok()) {
      return read;
    }
  }
  return spec;
}

void WriteToken(const auth::Token& token, const auth::Secret* value,
                JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(token.id);
  json.Key("name");
  json.String(token.name);
  json.Key("scopes");
  WriteScopes(token.scopes, json);
  if (value != nullptr) {
    json.Key("token");
    json.String(value->Reveal());
  }
  json.Key("hourly_limit");
  json.Int(token.hourly_limit);
  json.Key("daily_limit");
  json.Int(token.daily_limit);
  json.Key("created_at");
  json.String(UtcTimestamp(token.created_at));
  json.Key("expires_at");
  WriteTime(token.expires_at, json);
  json.Key("revoked_at");
  WriteTime(token.revoked_at, json);
  if (token.client_id) {
    json.Key("client_id");
    json.String(auth::PublicClientId(*token.client_id));
  }
  json.EndObject();
}

}  // namespace tallyman::api
