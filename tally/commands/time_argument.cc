#include "tally/commands/time_argument.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/json/timestamp.h"
#include "platform/base/text.h"

namespace tallyman::tally {

std::optional<absl::Duration> ParseSpan(std::string_view text) {
  if (text.empty()) return std::nullopt;
  absl::Duration unit;
  switch (text.back()) {
    case 's':
      unit = absl::Seconds(1);
      break;
    case 'm':
      unit = absl::Minutes(1);
      break;
    case 'h':
      unit = absl::Hours(1);
      break;
    case 'd':
      unit = absl::Hours(24);
      break;
    default:
      return std::nullopt;
  }
  const std::string_view digits = text.substr(0, text.size() - 1);
  int32_t count = 0;
  // SimpleAtoi() takes signs and spaces.
  if (!absl::c_all_of(digits, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &count)) {
    return std::nullopt;
  }
  return count * unit;
}

absl::StatusOr<absl::Time> ParseTimeArgument(std::string_view option,
                                             std::string_view text,
                                             absl::Time now) {
  if (const auto span = ParseSpan(text)) return now - *span;
  absl::StatusOr<absl::Time> time = api::ParseTimestamp(text);
  if (time.ok()) return time;
  return absl::InvalidArgumentError(absl::StrCat(
      option, ": ", base::Quote(text),
      " is neither a time such as 2026-11-22T00:10:09Z nor a span such as "
      "90s, 15m, 2h or 7d"));
}

}  // namespace tallyman::tally
