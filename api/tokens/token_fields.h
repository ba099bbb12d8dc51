// What tokens and OAuth clients have in common as JSON: scopes, limits, times.

#ifndef TALLYMAN_API_TOKENS_TOKEN_FIELDS_H_
#define TALLYMAN_API_TOKENS_TOKEN_FIELDS_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/token.h"
#include "nlohmann/json.hpp"

namespace tallyman::api {

inline constexpr Schema kScopeSchema =
    OneOf(EnumNames<auth::ScopeName, auth::Scope::kPublic, auth::Scope::kAdmin>,
          String("`public` may read; `admin` may also change.", "public"));

inline constexpr Field kScopesField = {"scopes",
                                       Array("What it may do.", kScopeSchema)};
inline constexpr Field kHourlyLimitField = {
    "hourly_limit",
    Integer("Requests in an hour of UTC.", "3600", 1, auth::kMaxRequestLimit)};
inline constexpr Field kDailyLimitField = {
    "daily_limit", Integer("Requests in a day of UTC; 0: no limit.", "0", 0,
                           auth::kMaxRequestLimit)};
inline constexpr Field kCreatedAtField = {"created_at",
                                          Time("When it was made.")};
inline constexpr Field kRevokedAtField = {
    "revoked_at",
    OrNull(Time("When it was revoked; null: it was not.", "null"))};

// The same in the body of a request. An absent field, or null, stands for
// `default_value`.
inline constexpr Field kNameSpecField = {
    "name",
    {.description = "1 to 100 characters, no control characters and "
                    "no space at its start or end.",
     .min = 1,
     .max = auth::kMaxTokenNameChars,
     .example = "dashboard"}};
inline constexpr Field kScopesSpecField = [] {
  Field field = kScopesField;
  field.schema.min = 1;
  return field;
}();
constexpr Field Absent(Field field, std::string_view default_value) {
  field.is_required = false;
  field.schema.is_nullable = true;
  field.schema.default_value = default_value;
  return field;
}
static_assert(auth::kDefaultHourlyLimit == 3600);
inline constexpr Field kHourlyLimitSpecField =
    Absent(kHourlyLimitField, "3600");
inline constexpr Field kDailyLimitSpecField = Absent(kDailyLimitField, "0");

// Reads the value of "scopes".
absl::Status ReadScopes(const nlohmann::json& value, auth::ScopeSet& scopes);

void WriteScopes(auth::ScopeSet scopes, JsonWriter& json);

// A time, or null.
void WriteTime(std::optional<absl::Time> time, JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_TOKENS_TOKEN_FIELDS_H_
