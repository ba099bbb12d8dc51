// OAuth clients: programs that fetch tokens of limited life for themselves, by
// their id and a secret (RFC 6749, section 4.4).
//
// Stores (auth/sqlite_client_store.h) make clients; other code only reads them.
//
// Example: auth/oauth_client_example_test.cc

#ifndef TALLYMAN_AUTH_OAUTH_CLIENT_H_
#define TALLYMAN_AUTH_OAUTH_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {

// The range of OAuthClientSpec::token_lifetime.
inline constexpr int64_t kMinTokenLifetimeSeconds = 60;
inline constexpr int64_t kMaxTokenLifetimeSeconds = 86'400;
inline constexpr absl::Duration kDefaultTokenLifetime = absl::Hours(1);

// A client to create.
struct OAuthClientSpec {
  // Also the name of its tokens. Need not be unique.
  std::string name;
  // The most that its tokens may have.
  ScopeSet scopes;
  // Of all its tokens together, as in TokenSpec.
  int64_t hourly_limit = kDefaultHourlyLimit;
  int64_t daily_limit = 0;
  // In whole seconds: a fraction is cut off.
  absl::Duration token_lifetime = kDefaultTokenLifetime;
};

// kInvalidArgument names the invalid field. Names, scopes and limits are as in
// TokenSpec.
absl::Status Validate(const OAuthClientSpec& spec, absl::Time now);

// An existing client. Its secret is not kept.
struct OAuthClient {
  int64_t id = 0;  // From 1; never reused.
  std::string name;
  ScopeSet scopes;
  int64_t hourly_limit = kDefaultHourlyLimit;
  int64_t daily_limit = 0;                                // 0: no limit.
  absl::Duration token_lifetime = kDefaultTokenLifetime;  // Whole seconds.
  absl::Time created_at = absl::UnixEpoch();              // Whole seconds.
  std::optional<absl::Time> revoked_at = std::nullopt;    // Whole seconds.
};

// A new client and its secret, which is available only here.
struct NewOAuthClient {
  OAuthClient client;
  Secret secret;
};

// The quota that the client's tokens and its own requests share.
Quota QuotaOf(const OAuthClient& client);

// The public name of a client, client_id in OAuth: "client-7".
std::string PublicClientId(int64_t id);

// The id in a public name; nullopt if `text` is none.
std::optional<int64_t> ParsePublicClientId(std::string_view text);

// The form of a secret: "tlc_" and 32 random bytes in base64url without
// padding. Its characters need no encoding in a form, so clients that leave out
// the encoding of RFC 6749, section 2.3.1, work too.
inline constexpr std::string_view kClientSecretPrefix = "tlc_";
inline constexpr size_t kClientSecretSize = 47;

// A new secret from the system's cryptographic random generator. kInternal if
// the generator fails.
absl::StatusOr<Secret> MakeClientSecret();

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_OAUTH_CLIENT_H_
