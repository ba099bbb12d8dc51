#include "api/oauth/oauth_answers.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::api {
namespace {

constexpr std::string_view kTokenType = "Bearer";
constexpr std::string_view kTokenTypes[] = {kTokenType};
constexpr std::string_view kGrants[] = {kClientCredentialsGrant};
constexpr std::string_view kMethods[] = {"client_secret_basic",
                                         "client_secret_post"};
constexpr std::string_view kScopes[] = {"public", "admin"};

constexpr Field kAccessTokenFields[] = {
    {"access_token", String("The token.", kTokenParameter.schema.example)},
    {"token_type",
     OneOf(ConstantValues<kTokenTypes>, String("How to send it.", kTokenType))},
    {"expires_in",
     Integer("Seconds for which it is valid, at least.", "3600", 0)},
    {"scope", String("Its scopes, separated by spaces.", "public")},
};

constexpr Schema Url(std::string_view description, std::string_view example) {
  return {
      .description = description, .pattern = "^https?://", .example = example};
}
constexpr Schema kGrant =
    OneOf(ConstantValues<kGrants>, String("", kClientCredentialsGrant));
constexpr Schema kMethod =
    OneOf(ConstantValues<kMethods>, String("", "client_secret_basic"));
constexpr Schema kScope = OneOf(ConstantValues<kScopes>, String("", "public"));
constexpr Schema kText = String("", "code");
constexpr Schema NoItems(std::string_view description) {
  Schema schema = Array(description, kText);
  schema.max = 0;
  return schema;
}

constexpr Field kMetadataFields[] = {
    {"issuer",
     Url("The server, as the request addressed it.", "https://tally.example")},
    {"token_endpoint",
     Url("Issues tokens.", "https://tally.example/oauth/token")},
    {"revocation_endpoint",
     Url("Revokes tokens.", "https://tally.example/oauth/revoke")},
    {"service_documentation", Url("For people.", "https://tally.example/docs")},
    {"grant_types_supported", Array("All grants.", kGrant)},
    {"response_types_supported",
     NoItems("None: there is no authorization endpoint.")},
    {"scopes_supported", Array("All scopes.", kScope)},
    {"token_endpoint_auth_methods_supported",
     Array("How clients authenticate.", kMethod)},
    {"revocation_endpoint_auth_methods_supported",
     Array("The same there.", kMethod)},
};

void WriteList(std::string_view key, absl::Span<const std::string_view> items,
               JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const std::string_view item : items) json.String(item);
  json.EndArray();
}

// Of a Host value: a name, an IPv4 address, or an IPv6 address in brackets, and
// a port. The strict check is that of the server's names (--allowed_hosts).
bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
         c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
}

}  // namespace

constexpr Schema kAccessTokenSchema = Object(
    "AccessToken", "A token of RFC 6749, section 5.1.", kAccessTokenFields);
constexpr Schema kMetadataSchema =
    Object("OAuthMetadata", "RFC 8414, section 2.", kMetadataFields);

absl::StatusOr<auth::ScopeSet> ParseScopeParameter(std::string_view text) {
  const std::vector<std::string> names = absl::StrSplit(text, ' ');
  absl::StatusOr<auth::ScopeSet> scopes = auth::ParseScopes(names);
  if (!scopes.ok()) {
    return absl::InvalidArgumentError(
        "scope has an unknown name; the scopes are public and admin");
  }
  return scopes;
}

std::string RenderAccessToken(const auth::Token& token,
                              const auth::Secret& value, absl::Time now) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("access_token");
  json.String(value.Reveal());
  json.Key("token_type");
  json.String(kTokenType);
  json.Key("expires_in");
  json.Int(absl::ToInt64Seconds(token.expires_at.value_or(now) - now));
  json.Key("scope");
  json.String(absl::StrJoin(token.scopes.Names(), " "));
  json.EndObject();
  return out;
}

std::optional<std::string> IssuerOf(bool is_https, std::string_view host) {
  if (host.empty() || !absl::c_all_of(host, IsHostCharacter)) {
    return std::nullopt;
  }
  return absl::StrCat(is_https ? "https" : "http", "://", host);
}

std::string RenderMetadata(std::string_view issuer) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("issuer");
  json.String(issuer);
  json.Key("token_endpoint");
  json.String(absl::StrCat(issuer, kTokenPath));
  json.Key("revocation_endpoint");
  json.String(absl::StrCat(issuer, kRevocationPath));
  json.Key("service_documentation");
  json.String(absl::StrCat(issuer, "/docs"));
  WriteList("grant_types_supported", kGrants, json);
  WriteList("response_types_supported", {}, json);
  WriteList("scopes_supported", kScopes, json);
  WriteList("token_endpoint_auth_methods_supported", kMethods, json);
  WriteList("revocation_endpoint_auth_methods_supported", kMethods, json);
  json.EndObject();
  return out;
}

}  // namespace tallyman::api
