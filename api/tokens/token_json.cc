#include "api/tokens/token_json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

constexpr Schema kScope =
    OneOf(EnumNames<auth::ScopeName, auth::Scope::kPublic, auth::Scope::kAdmin>,
          String("`public` may read; `admin` may also change.", "public"));

constexpr Field kId = {"id", Integer("The id; never used again.", "2", 1)};
constexpr Field kName = {
    "name", String("The `user` of actions that it starts.", "dashboard")};
constexpr Field kScopes = {"scopes", Array("What it may do.", kScope)};
constexpr Field kHourlyLimit = {
    "hourly_limit",
    Integer("Requests in an hour of UTC.", "3600", 1, auth::kMaxRequestLimit)};
constexpr Field kDailyLimit = {
    "daily_limit", Integer("Requests in a day of UTC; 0: no limit.", "0", 0,
                           auth::kMaxRequestLimit)};
constexpr Field kCreatedAt = {"created_at", Time("When it was made.")};
constexpr Field kExpiresAt = {
    "expires_at", OrNull(Time("The first moment at which it is refused; null: "
                              "it does not expire.",
                              "2099-01-31T12:00:00Z"))};
constexpr Field kRevokedAt = {
    "revoked_at",
    OrNull(Time("When it was revoked; null: it was not.", "null"))};
constexpr Field kToken = {"token", String("The token, shown only this once.",
                                          kTokenParameter.schema.example)};

constexpr Field kTokenFields[] = {kId,          kName,       kScopes,
                                  kHourlyLimit, kDailyLimit, kCreatedAt,
                                  kExpiresAt,   kRevokedAt};
constexpr Field kNewTokenFields[] = {kId,        kName,        kScopes,
                                     kToken,     kHourlyLimit, kDailyLimit,
                                     kCreatedAt, kExpiresAt,   kRevokedAt};

constexpr Field Absent(Field field, std::string_view default_value) {
  field.is_required = false;
  field.schema.is_nullable = true;
  field.schema.default_value = default_value;
  return field;
}

constexpr Schema kScopeList = [] {
  Schema schema = Array("What it may do.", kScope);
  schema.min = 1;
  return schema;
}();

constexpr Field kSpecFields[] = {
    {"name",
     {.description = "1 to 100 characters, no control characters and "
                     "no space at its start or end.",
      .min = 1,
      .max = auth::kMaxTokenNameChars,
      .example = "dashboard"}},
    {"scopes", kScopeList},
    Absent(kExpiresAt, ""),
    Absent(kHourlyLimit, "3600"),
    Absent(kDailyLimit, "0"),
};
static_assert(auth::kDefaultHourlyLimit == 3600);

absl::Status ReadScopes(const Json& value, auth::TokenSpec& spec) {
  if (!value.is_array()) {
    return WrongType("scopes", "a list such as [\"public\"]", value);
  }
  std::vector<std::string> names;
  for (const Json& name : value) {
    if (!name.is_string()) {
      return WrongType("scopes", "a list of strings", name);
    }
    names.push_back(name.get<std::string>());
  }
  absl::StatusOr<auth::ScopeSet> scopes = auth::ParseScopes(names);
  if (!scopes.ok()) return scopes.status();
  spec.scopes = *scopes;
  return absl::OkStatus();
}

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
  if (key == "scopes") return ReadScopes(value, spec);
  if (key == "expires_at") return ReadTime(key, value, spec.expires_at);
  if (key == "hourly_limit") return ReadLimit(key, value, spec.hourly_limit);
  if (key == "daily_limit") return ReadLimit(key, value, spec.daily_limit);
  return UnknownKey(/*prefix=*/"", key, FieldNames(kTokenSpecSchema));
}

void WriteTime(std::optional<absl::Time> time, JsonWriter& json) {
  if (time) {
    json.String(UtcTimestamp(*time));
  } else {
    json.Null();
  }
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
  json.BeginArray();
  for (const std::string_view scope : token.scopes.Names()) json.String(scope);
  json.EndArray();
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
  json.EndObject();
}

}  // namespace tallyman::api
