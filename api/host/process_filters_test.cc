#include "api/host/process_filters.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "gtest/gtest.h"

namespace tallyman::api {
namespace {

TEST(ParseByteSizeTest, KnowsPowersOf1024) {
  EXPECT_EQ(ParseByteSize("0"), 0);
  EXPECT_EQ(ParseByteSize("1536"), 1536);
  EXPECT_EQ(ParseByteSize("2K"), 2048);
  EXPECT_EQ(ParseByteSize("100M"), 104857600);
  EXPECT_EQ(ParseByteSize("3g"), int64_t{3} << 30);
  EXPECT_EQ(ParseByteSize("1t"), int64_t{1} << 40);
  EXPECT_EQ(ParseByteSize("9223372036854775807"),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseByteSize("8388607T"), int64_t{8388607} << 40);
}

TEST(ParseByteSizeTest, RefusesOtherTexts) {
  for (const std::string_view text :
       {"", "K", "-1", "+1", " 1", "1 M", "1.5G", "1KB", "1MM", "0x10",
        "9223372036854775808", "8388608T"}) {
    EXPECT_EQ(ParseByteSize(text), std::nullopt) << text;
  }
}

TEST(UnitNameTest, AddsTheTypeOfAService) {
  EXPECT_EQ(UnitName("nginx"), "nginx.service");
  EXPECT_EQ(UnitName("nginx.service"), "nginx.service");
  EXPECT_EQ(UnitName("session-3.scope"), "session-3.scope");
  EXPECT_EQ(UnitName("a.b"), "a.b.service");
}

}  // namespace
}  // namespace tallyman::api
