#include "auth/oauth_client.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {
namespace {

constexpr std::string_view kPublicPrefix = "client-";

}  // namespace

absl::Status Validate(const OAuthClientSpec& spec, absl::Time now) {
  // Saturates: an infinite lifetime is out of range too.
  const int64_t seconds = absl::ToInt64Seconds(spec.token_lifetime);
  if (seconds < kMinTokenLifetimeSeconds ||
      seconds > kMaxTokenLifetimeSeconds) {
    return absl::InvalidArgumentError(
        absl::StrCat("token_lifetime is ", seconds, ", it has to be from ",
                     kMinTokenLifetimeSeconds, " to ", kMaxTokenLifetimeSeconds,
                     " seconds"));
  }
  return Validate(TokenSpec{.name = spec.name,
                            .scopes = spec.scopes,
                            .hourly_limit = spec.hourly_limit,
                            .daily_limit = spec.daily_limit},
                  now);
}

Quota QuotaOf(const OAuthClient& client) {
  return {.owner = -client.id,
          .hourly_limit = client.hourly_limit,
          .daily_limit = client.daily_limit};
}

std::string PublicClientId(int64_t id) {
  return absl::StrCat(kPublicPrefix, id);
}

std::optional<int64_t> ParsePublicClientId(std::string_view text) {
  int64_t id = 0;
  // No second spelling: neither "client-07" nor "client- 7".
  if (!absl::ConsumePrefix(&text, kPublicPrefix) ||
      !absl::SimpleAtoi(text, &id) || id < 1 || absl::StrCat(id) != text) {
    return std::nullopt;
  }
  return id;
}

absl::StatusOr<Secret> MakeClientSecret() {
  return MakeRandomValue(kClientSecretPrefix);
}

}  // namespace tallyman::auth
