#include "tally/doctor/system_text.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/doctor/facts.h"

namespace tallyman::tally {
namespace {

using ::testing::IsEmpty;

TEST(SystemTextTest, Limits) {
  const auto limits = ParseLimits(
      "Limit                     Soft Limit           Hard Limit           "
      "Units     \n"
      "Max core file size        0                    unlimited            "
      "bytes     \n"
      "Max open files            1024                 524288               "
      "files     \n"
      "Max nice priority         0                    0                    \n"
      "Max broken\n");
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits.at("Max core file size").soft, 0);
  EXPECT_EQ(limits.at("Max core file size").hard, -1);
  EXPECT_EQ(limits.at("Max open files").soft, 1024);
  EXPECT_EQ(limits.at("Max open files").hard, 524288);
}

TEST(SystemTextTest, Status) {
  constexpr char kStatus[] =
      "Name:\tserver\nUid:\t1000\t990\t1000\t1000\n"
      "CapEff:\t0000000000080000\n";
  EXPECT_EQ(ParseEffectiveUser(kStatus), 990U);
  EXPECT_EQ(ParseCapabilities(kStatus), 0x80000U);
  EXPECT_EQ(ParseEffectiveUser("Uid:\t1\n"), std::nullopt);
  EXPECT_EQ(ParseCapabilities(""), std::nullopt);
}

TEST(SystemTextTest, Cgroup) {
  EXPECT_EQ(ParseCgroupPath("12:pids:/x\n0::/system.slice/a.service\n"),
            "/system.slice/a.service");
  EXPECT_EQ(ParseCgroupPath("1:name=systemd:/\n"), "");
}

TEST(SystemTextTest, Mounts) {
  const std::vector<Mount> mounts = ParseMounts(
      "23 28 0:21 / /proc rw,nosuid shared:13 - proc proc rw,hidepid=2\n"
      "24 28 0:22 /a /mnt/my\\040disk ro - cgroup2 none rw\n"
      "short\n");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].point, "/proc");
  EXPECT_EQ(mounts[0].options, "rw,nosuid,rw,hidepid=2");
  EXPECT_TRUE(HasOption(mounts[0].options, "hidepid=2"));
  EXPECT_FALSE(HasOption(mounts[0].options, "hidepid"));
  EXPECT_EQ(mounts[1].point, "/mnt/my disk");
  EXPECT_EQ(mounts[1].root, "/a");
  EXPECT_EQ(mounts[1].type, "cgroup2");
}

TEST(SystemTextTest, ListeningSockets) {
  const std::vector<ListeningSocket> sockets = ParseListening(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
      "retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:22B0 00000000:0000 0A 00000000:00000000 00:00000000 "
      "00000000     0        0 4711 1 0 100 0 0 10 0\n"
      "   1: 0100007F:22B0 0100007F:C001 01 00000000:00000000 00:00000000 "
      "00000000     0        0 4712 1 0 100 0 0 10 0\n",
      /*is_ipv6=*/false);
  ASSERT_EQ(sockets.size(), 1U);
  EXPECT_EQ(sockets[0].address.address, "127.0.0.1");
  EXPECT_EQ(sockets[0].address.port, 8880);
  EXPECT_EQ(sockets[0].inode, 4711U);

  const std::vector<ListeningSocket> wildcard = ParseListening(
      "   0: 00000000000000000000000000000000:20FB "
      "00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 99 1\n",
      /*is_ipv6=*/true);
  ASSERT_EQ(wildcard.size(), 1U);
  EXPECT_EQ(wildcard[0].address.address, "::");
  EXPECT_EQ(wildcard[0].address.port, 8443);
  EXPECT_THAT(ParseListening("0: ZZ:1 x 0A 1 2 3 4 5 6\n", false), IsEmpty());
}

TEST(SystemTextTest, Properties) {
  const auto properties =
      ParseProperties("KillMode=process\nEnvironment=A=b\n\n");
  ASSERT_EQ(properties.size(), 2U);
  EXPECT_EQ(properties.at("KillMode"), "process");
  EXPECT_EQ(properties.at("Environment"), "A=b");
}

TEST(SystemTextTest, HttpDate) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"),
            absl::FromUnixSeconds(784111777));
  EXPECT_EQ(ParseHttpDate(""), std::nullopt);
}

}  // namespace
}  // namespace tallyman::tally
