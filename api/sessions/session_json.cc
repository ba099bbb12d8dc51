#include "api/sessions/session_json.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/stacks/stacks_envelope.h"
#include "api/tokens/token_json.h"
#include "auth/secret.h"
#include "auth/session.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;

constexpr Field kId = {"id", Integer("The id; never used again.", "7", 1)};
constexpr Field kKey = {
    "key", String("The value of the header `X-Tallyman-Session` of the "
                  "requests that follow, shown only this once.",
                  "Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGw")};
constexpr Field kToken = {"token",
                          Ref(kTokenSchema, "The token that it stands for.")};
constexpr Field kCreatedAt = {"created_at", Time("When it began.")};
constexpr Field kLastUsedAt = {
    "last_used_at", Time("When a request had it last, or a stream of it was "
                         "open.")};
constexpr Field kExpiresAt = {
    "expires_at",
    Time("When it ends, however it is used: 30 days after it began, or with "
         "its token.",
         "2016-01-31T19:08:05Z")};
constexpr Field kIdleExpiresAt = {
    "idle_expires_at", Time("When it ends if it is not used again: 24 hours "
                            "after its last use.",
                            "2016-01-02T19:08:05Z")};
constexpr Field kUserAgent = {
    "user_agent",
    String("The header `User-Agent` of the sign-in, at most 256 bytes.",
           "Mozilla/5.0")};
constexpr Field kAddress = {
    "address",
    String("The IP address of the client of the sign-in.", "192.0.2.7")};
constexpr Field kCurrent = {
    "current", Boolean("Whether the request has this session.", "true")};

constexpr Field kSessionFields[] = {kId,         kToken,     kCreatedAt,
                                    kLastUsedAt, kExpiresAt, kIdleExpiresAt,
                                    kUserAgent,  kAddress,   kCurrent};
constexpr Field kNewSessionFields[] = {
    kId,        kKey,           kToken,     kCreatedAt, kLastUsedAt,
    kExpiresAt, kIdleExpiresAt, kUserAgent, kAddress,   kCurrent};
constexpr Schema kSessionSchema =
    Object("Session", "A session of a token.", kSessionFields);
constexpr Schema kNewSessionSchema =
    Object("NewSession", "A session that has just begun.", kNewSessionFields);

constexpr Field kEnvelopeFields[] = {{"session", Ref(kSessionSchema)}};
constexpr Field kNewEnvelopeFields[] = {{"session", Ref(kNewSessionSchema)}};
constexpr Field kSessionPageFields[] = {
    {kSessionsKey, Array("The sessions of this page.", kSessionSchema)},
    {"count", Integer("The number of sessions of this page.", "1", 0)},
    {"pagination", Ref(kPaginationSchema)}};

constexpr Field kTokenFields[] = {
    {"token", String("The token.", kTokenParameter.schema.example)}};
constexpr Field kCodeFields[] = {
    {"code", String("The code of the address that the server's first start "
                    "prints.",
                    "cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5Zm9vYmFyYmE")}};
constexpr Schema kByToken =
    Object("TokenSignIn", "A token signs in.", kTokenFields);
constexpr Schema kByCode = Object(
    "CodeSignIn", "A code signs in, once and within ten minutes of the start.",
    kCodeFields);

}  // namespace

constexpr Schema kSessionEnvelopeSchema = Object("", "", kEnvelopeFields);
constexpr Schema kNewSessionEnvelopeSchema = Object("", "", kNewEnvelopeFields);
constexpr Schema kSessionPageSchema = Object("", "", kSessionPageFields);
constexpr Schema kSignInSchema = Either(kByToken, kByCode);

absl::StatusOr<SignIn> ParseSignIn(std::string_view body) {
  absl::StatusOr<Json> json = ParseJsonObject(body);
  if (!json.ok()) return json.status();
  SignIn sign_in;
  for (const auto& [key, value] : json->items()) {
    if (key != "token" && key != "code") {
      return UnknownKey(/*prefix=*/"", key, "token, code");
    }
    std::string text;
    if (absl::Status read = ReadString(key, value, text); !read.ok()) {
      return read;
    }
    (key == "token" ? sign_in.token : sign_in.code) = auth::Secret(text);
  }
  if (sign_in.token.has_value() == sign_in.code.has_value()) {
    return absl::InvalidArgumentError(
        R"(the body must have either "token" or "code")");
  }
  return sign_in;
}

void WriteSession(const auth::Session& session, const auth::Secret* key,
                  bool is_current, JsonWriter& json) {
  json.BeginObject();
  json.Key("id");
  json.Int(session.id);
  if (key != nullptr) {
    json.Key("key");
    json.String(key->Reveal());
  }
  json.Key("token");
  WriteToken(session.token, /*value=*/nullptr, json);
  json.Key("created_at");
  json.String(UtcTimestamp(session.created_at));
  json.Key("last_used_at");
  json.String(UtcTimestamp(session.last_used_at));
  json.Key("expires_at");
  json.String(UtcTimestamp(session.expires_at));
  json.Key("idle_expires_at");
  json.String(UtcTimestamp(session.idle_expires_at));
  json.Key("user_agent");
  json.String(session.origin.user_agent);
  json.Key("address");
  json.String(session.origin.address);
  json.Key("current");
  json.Bool(is_current);
  json.EndObject();
}

void WriteSessionEnvelope(const auth::Session& session, const auth::Secret* key,
                          JsonWriter& json) {
  json.BeginObject();
  json.Key("session");
  WriteSession(session, key, /*is_current=*/true, json);
  json.EndObject();
}

}  // namespace tallyman::api
