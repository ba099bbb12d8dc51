#include "api/oauth/client_json.h"

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/tokens/token_fields.h"
#include "api/tokens/token_json.h"
#include "auth/oauth_client.h"
#include "auth/secret.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

constexpr Field kId = {"id", Integer("The id; never used again.", "1", 1)};
constexpr Field kPublicId = {"client_id",
                             String("Its name in OAuth.", kClientIdExample)};
constexpr Field kName = {
    "name", String("The name of its tokens: the `user` of actions that they "
                   "start.",
                   "deploy")};
constexpr Field kSecret = {
    "client_secret",
    String("The secret, shown only this once.", kClientSecretExample)};
constexpr Field kLifetime = {
    "token_lifetime",
    Integer("Seconds for which its tokens are valid.", "3600",
            auth::kMinTokenLifetimeSeconds, auth::kMaxTokenLifetimeSeconds)};

constexpr Field kClientFields[] = {
    kId,          kPublicId,         kName,
    kScopesField, kHourlyLimitField, kDailyLimitField,
    kLifetime,    kCreatedAtField,   kRevokedAtField};
constexpr Field kNewClientFields[] = {kId,
                                      kPublicId,
                                      kName,
                                      kScopesField,
                                      kSecret,
                                      kHourlyLimitField,
                                      kDailyLimitField,
                                      kLifetime,
                                      kCreatedAtField,
                                      kRevokedAtField};
constexpr Field kSpecFields[] = {
    kNameSpecField,       kScopesSpecField,          kHourlyLimitSpecField,
    kDailyLimitSpecField, Absent(kLifetime, "3600"),
};
static_assert(auth::kDefaultTokenLifetime == absl::Hours(1));

absl::Status ReadMember(std::string_view key, const Json& value,
                        auth::OAuthClientSpec& spec) {
  if (key == "name") return ReadString(key, value, spec.name);
  if (key == "scopes") return ReadScopes(value, spec.scopes);
  if (key == "hourly_limit") return ReadInteger(key, value, spec.hourly_limit);
  if (key == "daily_limit") return ReadInteger(key, value, spec.daily_limit);
  if (key == "token_lifetime") {
    int64_t seconds = 0;
    absl::Status read = ReadInteger(key, value, seconds);
    spec.token_lifetime = absl::Seconds(seconds);
    return read;
  }
  return UnknownKey(/*prefix=*/"", key, FieldNames(kClientSpecSchema));
}

}  // namespace

constexpr Schema kClientSchema =
    Object("OAuthClient", "A client.", kClientFields);
constexpr Schema kNewClientSchema =
    Object("NewOAuthClient", "A client that was just made.", kNewClientFields);
constexpr Schema kClientSpecSchema =
    Object("OAuthClientSpec", "A client to make.", kSpecFields);

absl::StatusOr<auth::OAuthClientSpec> ParseClientSpec(std::string_view body) {
  absl::StatusOr<Json> json = ParseJsonObject(body);
  if (!json.ok()) return json.status();
  auth::OAuthClientSpec spec;
  for (const auto& [key, value] : json->items()) {
    if (value.is_null()) continue;
    if (absl::Status read = ReadMember(key, value, spec); !read.ok()) {
      return read;
    }
  }
  return spec;
}

void WriteClient(const auth::OAuthClient& client, const auth::Secret* secret,
                 JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(client.id);
  json.Key("client_id");
  json.String(auth::PublicClientId(client.id));
  json.Key("name");
  json.String(client.name);
  json.Key("scopes");
  WriteScopes(client.scopes, json);
  if (secret != nullptr) {
    json.Key("client_secret");
    json.String(secret->Reveal());
  }
  json.Key("hourly_limit");
  json.Int(client.hourly_limit);
  json.Key("daily_limit");
  json.Int(client.daily_limit);
  json.Key("token_lifetime");
  json.Int(absl::ToInt64Seconds(client.token_lifetime));
  json.Key("created_at");
  WriteTime(client.created_at, json);
  json.Key("revoked_at");
  WriteTime(client.revoked_at, json);
  json.EndObject();
}

}  // namespace tallyman::api
