#include "auth/token.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "auth/crypto.h"
#include "auth/secret.h"
#include "platform/base/digest.h"
#include "platform/base/text.h"
#include "platform/base/utf8.h"

namespace tallyman::auth {
namespace {

constexpr Scope kAllScopes[] = {Scope::kPublic, Scope::kAdmin};

absl::Status ValidateName(std::string_view name) {
  if (name.empty()) {
    return absl::InvalidArgumentError("name is empty");
  }
  if (name.front() == ' ' || name.back() == ' ') {
    return absl::InvalidArgumentError("name starts or ends with a space");
  }
  size_t characters = 0;
  std::string_view rest = name;
  while (!rest.empty()) {
    const size_t at = name.size() - rest.size();
    const base::Utf8Character character = base::FirstCharacter(rest);
    if (!character.valid()) {
      return absl::InvalidArgumentError(
          absl::StrCat("name is not UTF-8 at byte ", at));
    }
    if (base::IsControl(character.code)) {
      return absl::InvalidArgumentError(
          absl::StrCat("name has a control character at byte ", at));
    }
    rest.remove_prefix(character.size);
    ++characters;
  }
  if (characters > kMaxTokenNameChars) {
    return absl::InvalidArgumentError(
        absl::StrCat("name has ", characters, " characters, at most ",
                     kMaxTokenNameChars, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status ValidateLimit(std::string_view field, int64_t limit,
                           int64_t smallest) {
  if (limit >= smallest && limit <= kMaxRequestLimit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      field, " is ", limit, ", it has to be from ", smallest, " to ",
      kMaxRequestLimit, smallest == 0 ? " (0: no limit)" : ""));
}

}  // namespace

std::string_view ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kPublic:
      return "public";
    case Scope::kAdmin:
      return "admin";
  }
  return "";
}

std::vector<std::string_view> ScopeSet::Names() const {
  std::vector<std::string_view> names;
  for (const Scope scope : kAllScopes) {
    if (Contains(scope)) names.push_back(ScopeName(scope));
  }
  return names;
}

absl::StatusOr<ScopeSet> ParseScopes(absl::Span<const std::string> names) {
  ScopeSet scopes;
  for (const std::string& name : names) {
    bool known = false;
    for (const Scope scope : kAllScopes) {
      if (name != ScopeName(scope)) continue;
      scopes.Add(scope);
      known = true;
    }
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat("scopes has ", base::Quote(name),
                       ", the scopes are \"public\" and \"admin\""));
    }
  }
  return scopes;
}

absl::Status Validate(const TokenSpec& spec, absl::Time now) {
  if (absl::Status name = ValidateName(spec.name); !name.ok()) return name;
  if (spec.scopes.empty()) {
    return absl::InvalidArgumentError(
        "scopes is empty, give at least one of \"public\" and \"admin\"");
  }
  if (spec.expires_at.has_value()) {
    // In whole seconds: the time without its fraction must be in the future.
    const absl::Time end =
        absl::FromUnixSeconds(absl::ToUnixSeconds(*spec.expires_at));
    if (end <= now) {
      return absl::InvalidArgumentError(
          absl::StrCat("expires_at is ",
                       absl::FormatTime(absl::RFC3339_sec, *spec.expires_at,
                                        absl::UTCTimeZone()),
                       ", it has to be in the future"));
    }
    if (end >= absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone())) {
      return absl::InvalidArgumentError(
          "expires_at is past the year 9999, leave it out for a token that "
          "doesn't expire");
    }
  }
  if (absl::Status hourly = ValidateLimit("hourly_limit", spec.hourly_limit, 1);
      !hourly.ok()) {
    return hourly;
  }
  return ValidateLimit("daily_limit", spec.daily_limit, 0);
}

bool IsValid(const Token& token, absl::Time now) {
  return !token.revoked_at.has_value() &&
         (!token.expires_at.has_value() || *token.expires_at > now);
}

Quota QuotaOf(const Token& token) {
  return {.owner = token.client_id ? -*token.client_id : token.id,
          .hourly_limit = token.hourly_limit,
          .daily_limit = token.daily_limit};
}

Quota SessionQuotaOf(const Token& token) {
  // No id of a token or client is as large.
  constexpr int64_t kSessions = int64_t{1} << 62;
  const int64_t owner = QuotaOf(token).owner;
  return {.owner = owner > 0 ? owner + kSessions : owner - kSessions,
          .hourly_limit = kSessionHourlyLimit,
          .daily_limit = 0};
}

bool HasValidAdmin(absl::Span<const Token> tokens, absl::Time now) {
  for (const Token& token : tokens) {
    if (token.scopes.Contains(Scope::kAdmin) && !token.client_id &&
        IsValid(token, now)) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<TokenHash> TokenHash::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the hash of a token has ", kSize, " bytes, not ", bytes.size()));
  }
  TokenHash hash;
  for (size_t i = 0; i < kSize; ++i) {
    hash.bytes_[i] = static_cast<unsigned char>(bytes[i]);
  }
  return hash;
}

TokenHash HashOf(std::string_view value) {
  return TokenHash(base::Sha256(value));
}

absl::StatusOr<Secret> MakeTokenValue() {
  return MakeRandomValue(kTokenPrefix);
}

absl::StatusOr<Secret> MakeRandomValue(std::string_view prefix) {
  std::array<unsigned char, 32> random;
  if (!RandomBytes(absl::MakeSpan(random))) {
    return absl::InternalError("the system's random generator failed");
  }
  std::string encoded = absl::WebSafeBase64Escape(std::string_view(
      reinterpret_cast<const char*>(random.data()), random.size()));
  std::string value = absl::StrCat(prefix, encoded);
  Secret secret(value);
  Cleanse(random.data(), random.size());
  Cleanse(encoded.data(), encoded.size());
  Cleanse(value.data(), value.size());
  return secret;
}

}  // namespace tallyman::auth
