#include "platform/base/ip_text.h"

#include <string>

#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

TEST(IpTextTest, TextAndBytesAgree) {
  for (const char* const text : {"0.0.0.0", "192.0.2.7", "255.255.255.255"}) {
    const auto bytes = ParseIpv4(text);
    ASSERT_TRUE(bytes.has_value()) << text;
    EXPECT_EQ(IpText(*bytes), text);
    EXPECT_FALSE(ParseIpv6(text).has_value()) << text;
  }
  for (const char* const text :
       {"::", "::1", "2001:db8::1", "::ffff:192.0.2.7"}) {
    const auto bytes = ParseIpv6(text);
    ASSERT_TRUE(bytes.has_value()) << text;
    EXPECT_EQ(IpText(*bytes), text);
    EXPECT_FALSE(ParseIpv4(text).has_value()) << text;
  }
}

TEST(IpTextTest, OtherTextHasNoBytes) {
  for (const std::string& text :
       {std::string(), std::string("1.2.3"), std::string("256.0.0.1"),
        std::string("1.2.3.4 "), std::string("1.2.3.4\0", 8)}) {
    EXPECT_FALSE(ParseIpv4(text).has_value()) << text;
  }
  for (const char* const text : {"", ":", "[::1]", "fe80::1%eth0", "1::2::3"}) {
    EXPECT_FALSE(ParseIpv6(text).has_value()) << text;
  }
}

TEST(IpTextTest, OnlyMappedAddressesHaveIpv4) {
  EXPECT_EQ(MappedIpv4(*ParseIpv6("::ffff:192.0.2.7")), ParseIpv4("192.0.2.7"));
  EXPECT_FALSE(MappedIpv4(*ParseIpv6("::192.0.2.7")).has_value());
  EXPECT_FALSE(MappedIpv4(*ParseIpv6("2001:db8::1")).has_value());
}

}  // namespace
}  // namespace tallyman::base
