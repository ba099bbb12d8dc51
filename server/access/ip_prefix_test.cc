#include "server/access/ip_prefix.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

IpAddress Ip(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  CHECK(address.has_value()) << text;
  return *address;
}

IpPrefixSet Set(std::string_view list) {
  absl::StatusOr<IpPrefixSet> set = IpPrefixSet::Parse(list);
  CHECK_OK(set);
  return *std::move(set);
}

std::string ErrorOf(std::string_view prefix) {
  const absl::Status status = IpPrefix::Parse(prefix).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << prefix;
  return std::string(status.message());
}

TEST(IpAddressTest, ParsesAndFormats) {
  for (const std::string_view text :
       {"0.0.0.0", "192.0.2.7", "255.255.255.255", "::", "::1", "2001:db8::1",
        "fe80::1:2:3:4", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_EQ(Ip(text).ToString(), text);
  }
  EXPECT_EQ(Ip("2001:DB8:0:0:0:0:0:1").ToString(), "2001:db8::1");
  EXPECT_TRUE(Ip("192.0.2.7").is_v4());
  EXPECT_FALSE(Ip("::192.0.2.7").is_v4());
}

TEST(IpAddressTest, AMappedAddressIsIpv4) {
  EXPECT_EQ(Ip("::ffff:192.0.2.7"), Ip("192.0.2.7"));
  EXPECT_EQ(Ip("::ffff:c000:207").ToString(), "192.0.2.7");
  EXPECT_NE(Ip("::192.0.2.7"), Ip("192.0.2.7"));
}

TEST(IpAddressTest, RefusesOtherText) {
  for (const std::string_view text : {"",
                                      " ",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "010.0.0.1",
                                      "0x7f.0.0.1",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.4:80",
                                      "[::1]",
                                      "fe80::1%eth0",
                                      "fe80::1%1",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "12345::",
                                      "localhost",
                                      "::ffff:1.2.3.256"}) {
    EXPECT_EQ(IpAddress::Parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)), std::nullopt);
  EXPECT_EQ(IpAddress::Parse(std::string(100000, '1')), std::nullopt);
}

TEST(IpAddressTest, KnowsLoopback) {
  for (const std::string_view text :
       {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Ip(text).IsLoopback()) << text;
  }
  for (const std::string_view text :
       {"128.0.0.1", "126.0.0.1", "0.0.0.0", "::", "::2", "::127.0.0.1"}) {
    EXPECT_FALSE(Ip(text).IsLoopback()) << text;
  }
}

TEST(IpPrefixTest, ParsesAndFormats) {
  for (const std::string_view text :
       {"10.0.0.0/8", "192.0.2.128/25", "0.0.0.0/0", "192.0.2.7",
        "2001:db8::/32", "::/0", "::1", "2001:db8:0:0:8000::/65"}) {
    const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(text);
    ASSERT_TRUE(prefix.ok()) << prefix.status();
    EXPECT_EQ(prefix->ToString(), text);
  }
  EXPECT_EQ(IpPrefix::Parse("192.0.2.7/32")->ToString(), "192.0.2.7");
  EXPECT_EQ(IpPrefix::Parse("::1/128")->ToString(), "::1");
  EXPECT_EQ(IpPrefix::Parse("::ffff:10.0.0.0/104")->ToString(), "10.0.0.0/8");
}

TEST(IpPrefixTest, NamesTheRightPrefixIfHostBitsAreSet) {
  const std::string v4 = ErrorOf("10.1.2.3/8");
  EXPECT_THAT(v4, HasSubstr("\"10.1.2.3/8\""));
  EXPECT_THAT(v4, HasSubstr("write 10.0.0.0/8 or 10.1.2.3"));
  EXPECT_THAT(ErrorOf("2001:db8::1/32"), HasSubstr("2001:db8::/32"));
  EXPECT_THAT(ErrorOf("::ffff:10.1.2.3/104"), HasSubstr("10.0.0.0/8"));
}

TEST(IpPrefixTest, RefusesOtherLengths) {
  EXPECT_THAT(ErrorOf("10.0.0.0/33"), HasSubstr("from 0 to 32"));
  EXPECT_THAT(ErrorOf("2001:db8::/129"), HasSubstr("from 0 to 128"));
  EXPECT_THAT(ErrorOf("::ffff:0:0/95"), HasSubstr("from 96 to 128"));
  for (const std::string_view length : {"", "-1", "+8", " 8", "08", "8 ", "8/8",
                                        "0x8", "255.0.0.0", "4294967304"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("10.0.0.0/", length)),
                HasSubstr("prefix length"));
  }
}

TEST(IpPrefixTest, QuotesOtherText) {
  EXPECT_THAT(ErrorOf("lan\n/8"), HasSubstr("\"lan\\n/8\""));
  EXPECT_THAT(ErrorOf(""), HasSubstr("\"\""));
}

TEST(IpPrefixTest, ContainsItsFirstAndLastAddress) {
  const absl::StatusOr<IpPrefix> v4 = IpPrefix::Parse("192.0.2.128/25");
  EXPECT_FALSE(v4->Contains(Ip("192.0.2.127")));
  EXPECT_TRUE(v4->Contains(Ip("192.0.2.128")));
  EXPECT_TRUE(v4->Contains(Ip("192.0.2.255")));
  EXPECT_FALSE(v4->Contains(Ip("192.0.3.0")));
  EXPECT_EQ(v4->last(), Ip("192.0.2.255"));
}

TEST(IpPrefixSetTest, ContainsWhatAnyPrefixContains) {
  const IpPrefixSet set =
      Set("10.0.0.0/8, 10.1.0.0/16,192.0.2.7 ,2001:db8::/32,::1,0.0.0.1");
  for (const std::string_view text :
       {"10.0.0.0", "10.1.2.3", "10.255.255.255", "192.0.2.7",
        "::ffff:10.2.3.4", "2001:db8::", "2001:db8:ffff::1", "::1",
        "0.0.0.1"}) {
    EXPECT_TRUE(set.Contains(Ip(text))) << text;
  }
  for (const std::string_view text :
       {"0.0.0.0", "9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8",
        "255.255.255.255", "::", "::2",
        "2001:db7:ffff::", "2001:db9::", "::10.0.0.1"}) {
    EXPECT_FALSE(set.Contains(Ip(text))) << text;
  }
}

TEST(IpPrefixSetTest, TheFamiliesAreApart) {
  EXPECT_FALSE(Set("::/0").Contains(Ip("::ffff:192.0.2.7")));
  EXPECT_TRUE(Set("::/0").Contains(Ip("2001:db8::1")));
  EXPECT_FALSE(Set("0.0.0.0/0").Contains(Ip("::1")));
  EXPECT_TRUE(Set("0.0.0.0/0").Contains(Ip("255.255.255.255")));
}

TEST(IpPrefixSetTest, MayBeEmpty) {
  EXPECT_TRUE(Set("").empty());
  EXPECT_TRUE(Set(" ").empty());
  EXPECT_FALSE(Set("").Contains(Ip("0.0.0.0")));
}

TEST(IpPrefixSetTest, RefusesAnEmptyItem) {
  for (const std::string_view list : {",", "10.0.0.0/8,", "10.0.0.0/8,,::1"}) {
    EXPECT_EQ(IpPrefixSet::Parse(list).status().code(),
              absl::StatusCode::kInvalidArgument)
        << list;
  }
}

}  // namespace
}  // namespace tallyman::server
