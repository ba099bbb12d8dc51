#include "platform/linux/cgroup_text.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

TEST(CgroupTextTest, FindsTheFirstMount) {
  const std::optional<CgroupMount> mount = FindCgroupMount(
      "24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
      "99 23 0:27 / /mnt rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mount.has_value());
  EXPECT_EQ(mount->root, "/");
  EXPECT_EQ(mount->point, "/sys/fs/cgroup");
}

TEST(CgroupTextTest, DecodesEscapes) {
  const std::optional<CgroupMount> mount = FindCgroupMount(
      "31 23 0:27 /a\\040b /mnt/x\\134y\\12 rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(mount.has_value());
  EXPECT_EQ(mount->root, "/a b");
  EXPECT_EQ(mount->point, "/mnt/x\\y\\12");
}

TEST(CgroupTextTest, FindsNoMount) {
  for (const char* const text :
       {"", "\n", " - cgroup2 ", "1 2 3 / - cgroup2 cgroup2 rw\n",
        "31 23 0:27 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu\n"}) {
    EXPECT_FALSE(FindCgroupMount(text).has_value()) << text;
  }
}

TEST(CgroupTextTest, FindsThePath) {
  EXPECT_EQ(FindCgroupPath("4:cpu:/a\n0::/user.slice\n"), "/user.slice");
  EXPECT_EQ(FindCgroupPath("4:cpu:/a\n"), std::nullopt);
  EXPECT_EQ(FindCgroupPath(""), std::nullopt);
}

TEST(CgroupTextTest, JoinsMountAndPath) {
  const CgroupMount whole = {.root = "/", .point = "/sys/fs/cgroup"};
  EXPECT_EQ(CgroupDirectory(whole, "/"), "/sys/fs/cgroup");
  EXPECT_EQ(CgroupDirectory(whole, "/a/b"), "/sys/fs/cgroup/a/b");
  const CgroupMount part = {.root = "/a", .point = "/mnt"};
  EXPECT_EQ(CgroupDirectory(part, "/a"), "/mnt");
  EXPECT_EQ(CgroupDirectory(part, "/a/b"), "/mnt/b");
  EXPECT_EQ(CgroupDirectory(part, "/ab"), std::nullopt);
  EXPECT_EQ(CgroupDirectory(part, "/b"), std::nullopt);
  // How the kernel shows a cgroup outside of the reader's cgroup namespace.
  EXPECT_EQ(CgroupDirectory(whole, "/../b"), std::nullopt);
}

TEST(FindProcessCgroupTest, PrefersTheCgroupThatSaysMost) {
  EXPECT_EQ(FindProcessCgroup("0::/system.slice/a.service\n"),
            "/system.slice/a.service");
  EXPECT_EQ(FindProcessCgroup("0::/\n"), "/");
  EXPECT_EQ(FindProcessCgroup("0::/a:b\n"), "/a:b");
  // Version 1, with and without systemd; hybrid.
  EXPECT_EQ(FindProcessCgroup("12:pids:/docker/1\n2:cpu,cpuacct:/docker/2\n"
                              "1:name=systemd:/init.scope\n0::/\n"),
            "/init.scope");
  EXPECT_EQ(FindProcessCgroup("12:pids:/\n2:cpu:/docker/2\n1:cpuset:/x\n"),
            "/docker/2");
  EXPECT_EQ(FindProcessCgroup("1:name=systemd:/a.service\n0::/b.service\n"),
            "/b.service");
  EXPECT_EQ(FindProcessCgroup(""), "");
  EXPECT_EQ(FindProcessCgroup("nonsense\n0:\n0::\n0::relative\n"), "");
}

}  // namespace
}  // namespace tallyman::platform
