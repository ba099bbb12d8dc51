#include "tally/import/units.h"

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::tally {
namespace {

TEST(ParseTimeSpanTest, OfSystemdAndCompose) {
  EXPECT_EQ(ParseTimeSpan("90"), absl::Seconds(90));
  EXPECT_EQ(ParseTimeSpan("1min 30s"), absl::Seconds(90));
  EXPECT_EQ(ParseTimeSpan("1m30s"), absl::Seconds(90));
  EXPECT_EQ(ParseTimeSpan("1.5 hours"), absl::Minutes(90));
  EXPECT_EQ(ParseTimeSpan("500", absl::Milliseconds(1)),
            absl::Milliseconds(500));
  EXPECT_EQ(ParseTimeSpan("infinity"), absl::InfiniteDuration());
  for (const char* text : {"", "s", "1x", "-1", "1..2"}) {
    EXPECT_EQ(ParseTimeSpan(text), std::nullopt) << text;
  }
}

TEST(ParseByteSizeTest, PowersOf1024) {
  EXPECT_EQ(ParseByteSize("512"), 512);
  EXPECT_EQ(ParseByteSize("64kb"), 65536);
  EXPECT_EQ(ParseByteSize("1.5G"), int64_t{3} << 29);
  EXPECT_EQ(ParseByteSize("2MiB"), 2 << 20);
  for (const char* text : {"", "50%", "infinity", "9E99", "99E", "-1"}) {
    EXPECT_EQ(ParseByteSize(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tallyman::tally
