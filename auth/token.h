// Tokens: their scopes, limits, values and hashes.
//
// Stores (auth/token_store.h) make tokens; other code only reads them.
//
// Example: auth/authenticator_example_test.cc

#ifndef TALLYMAN_AUTH_TOKEN_H_
#define TALLYMAN_AUTH_TOKEN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "auth/crypto.h"
#include "auth/secret.h"

namespace tallyman::auth {

// A permission of a token.
enum class Scope : uint8_t {
  kPublic = 1,  // "public": read
  kAdmin = 2,   // "admin": change; includes public
};

// "public" or "admin".
std::string_view ScopeName(Scope scope);

// A set of scopes. A value type.
class ScopeSet {
 public:
  constexpr ScopeSet() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a scope is a set of one.
  constexpr ScopeSet(Scope scope) : bits_(Bit(scope)) {}

  constexpr ScopeSet& Add(Scope scope) {
    bits_ |= Bit(scope);
    return *this;
  }

  // Whether `scope` itself is in the set.
  constexpr bool Contains(Scope scope) const {
    return (bits_ & Bit(scope)) != 0;
  }

  // Whether the set allows requests that need `scope`: has it, or admin.
  constexpr bool Allows(Scope scope) const {
    return Contains(scope) || Contains(Scope::kAdmin);
  }

  constexpr bool empty() const { return bits_ == 0; }

  // The names of the scopes in the set, "public" first.
  std::vector<std::string_view> Names() const;

  friend constexpr bool operator==(ScopeSet a, ScopeSet b) {
    return a.bits_ == b.bits_;
  }

 private:
  static constexpr uint8_t Bit(Scope scope) {
    return static_cast<uint8_t>(scope);
  }

  uint8_t bits_ = 0;
};

// The set of the scopes with these names; an empty list is an empty set.
// kInvalidArgument for an unknown name.
absl::StatusOr<ScopeSet> ParseScopes(absl::Span<const std::string> names);

// Limits of tokens. kMaxRequestLimit keeps counts within 32 bits.
inline constexpr size_t kMaxTokenNameChars = 100;
inline constexpr int64_t kDefaultHourlyLimit = 3600;
inline constexpr int64_t kMaxRequestLimit = 1'000'000'000;

// A token to create.
struct TokenSpec {
  // The owner: `user` of the actions that the token starts. Need not be unique.
  std::string name;
  ScopeSet scopes;
  // The first moment at which the token is refused; none: it does not expire.
  // In whole seconds: a fraction is cut off.
  std::optional<absl::Time> expires_at = std::nullopt;
  // Requests in an hour of UTC, at least 1.
  int64_t hourly_limit = kDefaultHourlyLimit;
  // Requests in a day of UTC; 0: no daily limit.
  int64_t daily_limit = 0;
  // The OAuth client to issue it to (auth/oauth_client.h); none: a token of its
  // own.
  std::optional<int64_t> client_id = std::nullopt;
};

// kInvalidArgument names the invalid field. `name` must have 1 to 100
// characters of UTF-8, no control characters and no space at its start or end;
// `scopes` must not be empty; `expires_at` must be after `now` and at most in
// the year 9999; limits must be in range.
absl::Status Validate(const TokenSpec& spec, absl::Time now);

// An existing token. Its value is not kept; see TokenHash.
struct Token {
  int64_t id = 0;  // From 1; never reused, not even after removal.
  std::string name;
  ScopeSet scopes;
  absl::Time created_at = absl::UnixEpoch();            // Whole seconds.
  std::optional<absl::Time> expires_at = std::nullopt;  // Whole seconds.
  std::optional<absl::Time> revoked_at = std::nullopt;  // Whole seconds.
  int64_t hourly_limit = kDefaultHourlyLimit;
  int64_t daily_limit = 0;  // 0: no limit.
  // The OAuth client that it was issued to; none: a token of its own.
  std::optional<int64_t> client_id = std::nullopt;
};

// Limits on requests, and the owner whose requests count together.
struct Quota {
  // A token's id if positive; else all tokens of the OAuth client whose id is
  // -owner. Sessions have owners of their own, see SessionQuotaOf().
  int64_t owner = 0;
  int64_t hourly_limit = kDefaultHourlyLimit;
  int64_t daily_limit = 0;  // 0: no limit.
};

// The quota that a request with `token` counts against. All tokens of an OAuth
// client share one, so fetching more tokens does not raise the limit.
Quota QuotaOf(const Token& token);

// The quota of all sessions of `token` together (auth/session.h), or of those
// of all tokens of its OAuth client. Apart from QuotaOf(): a web page asks
// every few seconds and does not use up the requests of programs.
inline constexpr int64_t kSessionHourlyLimit = 36'000;
Quota SessionQuotaOf(const Token& token);

// Whether `token` is valid at `now`: not revoked, and `now` is before its
// expires_at.
bool IsValid(const Token& token, absl::Time now);

// Whether one of `tokens` is valid, has the scope admin, and was not issued to
// an OAuth client: such a token lasts no longer than its client.
bool HasValidAdmin(absl::Span<const Token> tokens, absl::Time now);

// The SHA-256 of a token's value; stores keep the hash only. A value has 256
// random bits, so a salt or a slow hash would add nothing.
class TokenHash {
 public:
  static constexpr size_t kSize = 32;

  TokenHash() = default;
  explicit TokenHash(const std::array<unsigned char, kSize>& bytes)
      : bytes_(bytes) {}

  // kInvalidArgument unless `bytes` has 32 bytes.
  static absl::StatusOr<TokenHash> FromBytes(std::string_view bytes);

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), kSize};
  }

  // In constant time.
  friend bool operator==(const TokenHash& a, const TokenHash& b) {
    return EqualInConstantTime(a.bytes_.data(), b.bytes_.data(), kSize);
  }

  template <typename H>
  friend H AbslHashValue(H state, const TokenHash& hash) {
    return H::combine(std::move(state), hash.bytes_);
  }

 private:
  std::array<unsigned char, kSize> bytes_ = {};
};

TokenHash HashOf(std::string_view value);

// The form of a token's value: "tly_" and 32 random bytes in base64url (RFC
// 4648 section 5) without padding.
inline constexpr std::string_view kTokenPrefix = "tly_";
inline constexpr size_t kTokenValueSize = 47;

// A new value from the system's cryptographic random generator. kInternal if
// the generator fails.
absl::StatusOr<Secret> MakeTokenValue();

// The same with another prefix.
absl::StatusOr<Secret> MakeRandomValue(std::string_view prefix);

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_TOKEN_H_
