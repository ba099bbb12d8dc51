#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "api/json/timestamp.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

// All formats of a time from 0000 to 9999 are read back.
void TestFormats(absl::Time time, absl::TimeZone zone) {
  const int64_t year = absl::ToCivilYear(time, zone).year();
  const int64_t utc_year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  if (year < 0 || year > 9999 || utc_year < 0 || utc_year > 9999) return;
  const absl::Time second = absl::FromUnixSeconds(absl::ToUnixSeconds(time));
  const absl::Time millisecond = absl::FromUnixMillis(absl::ToUnixMillis(time));
  const auto check = [](const std::string& text, absl::Time expected) {
    const absl::StatusOr<absl::Time> parsed = ParseTimestamp(text);
    CHECK_OK(parsed);
    CHECK_EQ(*parsed, expected) << text;
  };
  check(UtcTimestamp(time), second);
  check(LocalTimestamp(time, zone), second);
  check(LocalTimestampMillis(time, zone), millisecond);
}

void TestParse(std::string_view text, absl::TimeZone zone) {
  const absl::StatusOr<absl::Time> time = ParseTimestamp(text);
  if (!time.ok()) {
    fuzz::CheckClientError(time.status());
    return;
  }
  CHECK_NE(*time, absl::InfiniteFuture());
  CHECK_NE(*time, absl::InfinitePast());
  TestFormats(*time, zone);
}

}  // namespace
}  // namespace tallyman::api

// A line with the minutes that a time zone is east of UTC, one with a Unix time
// in milliseconds; then a text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  constexpr int64_t kMinutes = 1440;  // of a day
  const int64_t minutes = input.TakeInteger() % kMinutes;
  const absl::TimeZone zone =
      absl::FixedTimeZone(static_cast<int>(minutes) * 60);
  tallyman::api::TestFormats(absl::FromUnixMillis(input.TakeInteger()), zone);
  tallyman::api::TestParse(input.rest(), zone);
  return 0;
}
