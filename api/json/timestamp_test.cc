#include "api/json/timestamp.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

using ::testing::HasSubstr;

TEST(TimestampTest, WritesTheDocumentedFormats) {
  const absl::Time time = absl::FromUnixMillis(1600877658370);
  EXPECT_EQ(LocalTimestamp(time, absl::FixedTimeZone(-6 * 3600)),
            "2020-09-23T10:14:18-06:00");
  EXPECT_EQ(LocalTimestamp(time, absl::UTCTimeZone()),
            "2020-09-23T16:14:18+00:00");
  EXPECT_EQ(LocalTimestampMillis(time, absl::FixedTimeZone(5 * 3600 + 1800)),
            "2020-09-23T21:44:18.370+05:30");
  EXPECT_EQ(UtcTimestamp(time), "2020-09-23T16:14:18Z");
}

TEST(TimestampTest, ReadsRfc3339) {
  EXPECT_EQ(*ParseTimestamp("2020-09-23T10:14:18-06:00"),
            absl::FromUnixSeconds(1600877658));
  EXPECT_EQ(*ParseTimestamp("2020-09-23T16:14:18Z"),
            absl::FromUnixSeconds(1600877658));
  for (const char* text : {"", "tomorrow", "2020-09-23", "1600877658",
                           "infinite-future", "infinite-past"}) {
    const auto time = ParseTimestamp(text);
    EXPECT_EQ(time.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(time.status().message(), HasSubstr("RFC 3339"));
  }
}

TEST(TimestampTest, ErrorsCutAndEscapeTheText) {
  EXPECT_THAT(ParseTimestamp("a\nb").status().message(),
              HasSubstr(R"("a\nb")"));
  EXPECT_LT(ParseTimestamp(std::string(100000, 'x')).status().message().size(),
            200);
}

}  // namespace
}  // namespace tallyman::api
