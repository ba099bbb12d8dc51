// Errors of /oauth/token and /oauth/revoke (RFC 6749, section 5.2; RFC 7009,
// section 2.2.1).
//
//   return RenderOAuthError(OAuthError::kInvalidScope, "scope is unknown");

#ifndef TALLYMAN_API_OAUTH_OAUTH_ERROR_H_
#define TALLYMAN_API_OAUTH_OAUTH_ERROR_H_

#include <cstdint>
#include <string_view>

#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/http/http.h"
#include "api/stacks/stacks_envelope.h"

namespace tallyman::api {

enum class OAuthError : uint8_t {
  kInvalidRequest,        // 400 invalid_request
  kInvalidClient,         // 401 invalid_client
  kUnauthorizedClient,    // 400 unauthorized_client
  kUnsupportedGrantType,  // 400 unsupported_grant_type
  kInvalidScope,          // 400 invalid_scope
};

// "invalid_request".
std::string_view OAuthErrorName(OAuthError error);

// {"error":...,"error_description":...}; a 401 asks for Basic. Characters that
// the grammar of error_description excludes ('"', '\\', all beyond ASCII)
// become
// '?'.
Response RenderOAuthError(OAuthError error, std::string_view description);

extern const Schema kOAuthErrorSchema;

inline constexpr std::string_view kOAuthChallenge = "Basic realm=\"oauth\"";

// The answers of an operation that may fail so. The query is checked before the
// request is known to be one of OAuth, so a 400 may have either schema.
inline constexpr Schema kOAuthOrStacksErrorSchema =
    Either(kOAuthErrorSchema, kStacksErrorSchema);
inline constexpr Content kOAuthBadRequestContents[] = {
    {.schema = &kOAuthOrStacksErrorSchema}};
inline constexpr Answer kOAuthBadRequest = {
    .status = 400,
    .description = "The request is invalid.",
    .contents = kOAuthBadRequestContents};
inline constexpr Content kOAuthUnauthorizedContents[] = {
    {.schema = &kOAuthErrorSchema}};
inline constexpr Header kOAuthChallengeHeader = {
    .name = "WWW-Authenticate",
    .schema = String("How a client authenticates.", kOAuthChallenge)};
inline constexpr const Header* kOAuthUnauthorizedHeaders[] = {
    &kOAuthChallengeHeader};
inline constexpr Answer kOAuthUnauthorized = {
    .status = 401,
    .description =
        "The client is unknown or revoked, or its secret is missing or wrong.",
    .contents = kOAuthUnauthorizedContents,
    .headers = kOAuthUnauthorizedHeaders};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_OAUTH_OAUTH_ERROR_H_
