#include "platform/linux/proc_detail_text.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using namespace std::string_view_literals;

std::vector<std::string> Names(std::string_view environment) {
  std::vector<std::string> names;
  ForEachVariableName(environment,
                      [&](std::string_view name) { names.emplace_back(name); });
  return names;
}

TEST(ForEachVariableNameTest, FindsTheNames) {
  EXPECT_THAT(Names("PATH=/bin\0X=\0BASH_FUNC_f%%=() { a=b\n}\0_=1\0"sv),
              ElementsAre("PATH", "X", "BASH_FUNC_f%%", "_"));
  EXPECT_THAT(Names("A=1\0B=2"sv), ElementsAre("A", "B"));
  EXPECT_THAT(Names(""), IsEmpty());
}

// The title of a process overwrites the beginning of its environment; a part of
// a value may follow.
TEST(ForEachVariableNameTest, NeverShowsTheRestOfAValue) {
  EXPECT_THAT(Names("worker: idle\0c2VjcmV0=\0PATH=/bin\0"sv),
              ElementsAre("PATH"));
  EXPECT_THAT(Names("worker: idle\0\0\0c2VjcmV0=\0PATH=/bin\0"sv),
              ElementsAre("PATH"));
  EXPECT_THAT(Names("=secret=\0secret=\0A=1\0"sv), ElementsAre("A"));
  EXPECT_THAT(Names("a secret=1\0c2V/jc+mV0==\0007=1\0A=1\0"sv),
              ElementsAre("A"));
}

TEST(ParsePssTest, ReadsItsLineAlone) {
  EXPECT_EQ(ParsePss("Rss:  8 kB\nPss:      12 kB\nPss_Anon:  4 kB\n"), 12288);
  EXPECT_EQ(ParsePss("Pss_Dirty:  4 kB\nSwapPss:  4 kB\n"), std::nullopt);
  EXPECT_EQ(ParsePss("Pss: x kB\n"), std::nullopt);
  EXPECT_EQ(ParsePss("Pss: -1 kB\n"), std::nullopt);
  EXPECT_EQ(ParsePss("Pss: 9223372036854775807 kB\n"), std::nullopt);
  EXPECT_EQ(ParsePss(""), std::nullopt);
}

TEST(ParseSocketLinkTest, AcceptsSocketsOnly) {
  EXPECT_EQ(ParseSocketLink("socket:[4711]"), 4711u);
  for (const std::string_view link :
       {"socket:[]", "socket:[1", "socket:[-1]", "socket:[1x]", "pipe:[4711]",
        "/tmp/socket:[1]", "", "socket:[99999999999999999999]"}) {
    EXPECT_EQ(ParseSocketLink(link), std::nullopt) << link;
  }
}

TEST(ParseInetRowTest, ReadsARow) {
  const auto row = ParseInetRow(
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000  1000        0 123456 1 0000000000000000 100 0 0 10 0");
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->address, "0100007F");
  EXPECT_EQ(row->port, 8080);
  EXPECT_EQ(row->state, kTcpListen);
  EXPECT_EQ(row->inode, 123456u);
  for (const std::string_view line :
       {"",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when",
        "   0: 0100007F:1F90 00000000:0000 0A",
        "   0: 0100007F:11F90 00000000:0000 0A 0:0 0:0 0 0 0 1",
        "   0: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 1"}) {
    EXPECT_EQ(ParseInetRow(line), std::nullopt) << line;
  }
}

TEST(InetAddressTextTest, ReadsBothFamilies) {
  EXPECT_EQ(InetAddressText("0100007F"), "127.0.0.1");
  EXPECT_EQ(InetAddressText("00000000"), "0.0.0.0");
  EXPECT_EQ(InetAddressText("00000000000000000000000001000000"), "::1");
  EXPECT_EQ(InetAddressText("B80D0120000000000000000001000000"), "2001:db8::1");
  for (const std::string_view hex :
       {"", "0100007", "0100007F0100007F", "0100007G", "-100007F"}) {
    EXPECT_EQ(InetAddressText(hex), "") << hex;
  }
}

TEST(ParseUnixRowTest, ReadsARow) {
  const auto named = ParseUnixRow(
      "0000000000000000: 00000002 00000000 00010000 0001 01 22841 /run/a b");
  ASSERT_TRUE(named.has_value());
  EXPECT_TRUE(named->is_listening);
  EXPECT_EQ(named->inode, 22841u);
  EXPECT_EQ(named->path, "/run/a b");
  const auto unnamed = ParseUnixRow(
      "0000000000000000: 00000003 00000000 00000000 0001 03 22842");
  ASSERT_TRUE(unnamed.has_value());
  EXPECT_FALSE(unnamed->is_listening);
  EXPECT_EQ(unnamed->path, "");
  EXPECT_EQ(ParseUnixRow("Num       RefCount Protocol Flags    Type St Inode"),
            std::nullopt);
  EXPECT_EQ(ParseUnixRow(""), std::nullopt);
}

}  // namespace
}  // namespace tallyman::platform
