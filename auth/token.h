// Tokens: what they are, how one is made, and how it is kept.
//
//   absl::StatusOr<ScopeSet> scopes = ParseScopes({"admin"});
//   TokenSpec spec = {.name = "deploy", .scopes = *scopes};
//   if (absl::Status valid = Validate(spec, now); !valid.ok()) return valid;
//   absl::StatusOr<Secret> value = MakeTokenValue();   // "tly_Zm9v..."
//   TokenHash kept = HashOf(value->Reveal());
//
// Stores (auth/token_store.h) do this; others only read Tokens.

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
#include "auth/secret.h"

namespace tallyman::auth {

// What a token may be used for.
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

  // Whether the set was given `scope` itself.
  constexpr bool Contains(Scope scope) const {
    return (bits_ & Bit(scope)) != 0;
  }

  // Whether the set is good for what needs `scope`: contains it, or admin.
  constexpr bool Allows(Scope scope) const {
    return Contains(scope) || Contains(Scope::kAdmin);
  }

  constexpr bool empty() const { return bits_ == 0; }

  // The names of the scopes it contains, "public" first.
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

// The set of the scopes with these names. kInvalidArgument for a name that is
// no scope; an empty list is an empty set.
absl::StatusOr<ScopeSet> ParseScopes(absl::Span<const std::string> names);

// Limits on tokens. The greatest limit keeps counts within 32 bits.
inline constexpr size_t kMaxTokenNameChars = 100;
inline constexpr int64_t kDefaultHourlyLimit = 3600;
inline constexpr int64_t kMaxRequestLimit = 1'000'000'000;

// What a new token shall be.
struct TokenSpec {
  // Whose it is: the `user` of the actions it starts. Needn't be unique.
  std::string name;
  ScopeSet scopes;
  // The first moment at which it is refused; none: it doesn't expire. Counted
  // in whole seconds, a fraction is cut off.
  std::optional<absl::Time> expires_at = std::nullopt;
  // Requests in a clock hour, at least 1.
  int64_t hourly_limit = kDefaultHourlyLimit;
  // Requests in a day of UTC; 0: no daily limit.
  int64_t daily_limit = 0;
};

// kInvalidArgument names the field that is wrong: a `name` that isn't 1 to 100
// characters of UTF-8 without control characters or that starts or ends with a
// space, no `scopes`, `expires_at` not after `now` or past the year 9999, a
// limit out of its range.
absl::Status Validate(const TokenSpec& spec, absl::Time now);

// A token that exists. Its value isn't kept; see TokenHash.
struct Token {
  int64_t id = 0;  // from 1; never used again, also when the token is gone
  std::string name;
  ScopeSet scopes;
  absl::Time created_at = absl::UnixEpoch();            // whole seconds
  std::optional<absl::Time> expires_at = std::nullopt;  // whole seconds
  std::optional<absl::Time> revoked_at = std::nullopt;  // whole seconds
  int64_t hourly_limit = kDefaultHourlyLimit;
  int64_t daily_limit = 0;  // 0: none
};

// Whether `token` is accepted at `now`: not revoked, and not expired. At
// expires_at itself it is expired.
bool IsValid(const Token& token, absl::Time now);

// A valid token that may do everything is among `tokens`.
bool HasValidAdmin(absl::Span<const Token> tokens, absl::Time now);

// The SHA-256 of a token's value: all that is kept of it. Since a value has 256
// random bits, neither salt nor a slow hash would add anything.
class TokenHash {
 public:
  static constexpr size_t kSize = 32;

  TokenHash() = default;
  explicit TokenHash(const std::array<unsigned char, kSize>& bytes)
      : bytes_(bytes) {}

  // kInvalidArgument unless `bytes` are 32.
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

// A new value from the system's cryptographic generator. kInternal where that
// fails.
absl::StatusOr<Secret> MakeTokenValue();

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_TOKEN_H_
