// Bodies of /oauth/token and of the metadata (RFC 8414), and their schemas.

#ifndef TALLYMAN_API_OAUTH_OAUTH_ANSWERS_H_
#define TALLYMAN_API_OAUTH_OAUTH_ANSWERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/description/schema.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::api {

inline constexpr std::string_view kTokenPath = "/oauth/token";
inline constexpr std::string_view kRevocationPath = "/oauth/revoke";
inline constexpr std::string_view kMetadataPath =
    "/.well-known/oauth-authorization-server";
inline constexpr std::string_view kClientCredentialsGrant =
    "client_credentials";

extern const Schema kAccessTokenSchema;
extern const Schema kMetadataSchema;

// The set of the scopes in `text`, which are separated by single spaces (RFC
// 6749, section 3.3). InvalidArgument if one is unknown; its message has no
// part of `text`.
absl::StatusOr<auth::ScopeSet> ParseScopeParameter(std::string_view text);

// {"access_token":...,"token_type":"Bearer","expires_in":...,"scope":...}.
// `token` expires; `now` is not later than that.
std::string RenderAccessToken(const auth::Token& token,
                              const auth::Secret& value, absl::Time now);

// The URL of this server, as the client addressed it: the scheme and the value
// of Host. nullopt if `host` is no host with an optional port.
std::optional<std::string> IssuerOf(bool is_https, std::string_view host);

// The metadata of the server whose URL is `issuer`.
std::string RenderMetadata(std::string_view issuer);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OAUTH_OAUTH_ANSWERS_H_
