#include "api/json/timestamp.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"

namespace tallyman::api {

std::string LocalTimestamp(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", time, zone);
}

std::string LocalTimestampMillis(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time, zone);
}

std::string UtcTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> ParseTimestamp(std::string_view text) {
  absl::Time time;
  std::string reason;
  // The parser also knows words for the infinities.
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &reason) ||
      time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
    return absl::InvalidArgumentError(
        absl::StrCat(base::Quote(text),
                     " is not a time such as \"2030-01-31T12:00:00Z\" (RFC "
                     "3339)"));
  }
  return time;
}

}  // namespace tallyman::api
