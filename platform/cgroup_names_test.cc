#include "platform/cgroup_names.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

const std::string& Id() {
  static const std::string& id = *new std::string(
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  return id;
}

TEST(CgroupNamesTest, FindsTheInnermostUnit) {
  EXPECT_EQ(UnitOfCgroup("/system.slice/nginx.service"), "nginx.service");
  EXPECT_EQ(UnitOfCgroup("/system.slice/nginx.service/worker/1"),
            "nginx.service");
  EXPECT_EQ(UnitOfCgroup("/system.slice/system-getty.slice/getty@tty1.service"),
            "getty@tty1.service");
  EXPECT_EQ(UnitOfCgroup("/user.slice/user-1000.slice/session-3.scope"),
            "session-3.scope");
  EXPECT_EQ(UnitOfCgroup("/user.slice/user-1000.slice/user@1000.service/"
                         "app.slice/editor.service"),
            "editor.service");
  EXPECT_EQ(UnitOfCgroup("/init.scope"), "init.scope");
  EXPECT_EQ(UnitOfCgroup("/system.slice/_cpu.service"), "cpu.service");
}

TEST(CgroupNamesTest, FindsNoUnitWhereThereIsNone) {
  for (const std::string_view path :
       {"", "/", "//", "/system.slice", "/.service", "/_.service", "/service",
        "/kubepods/burstable/pod1", "/nginx.service.d"}) {
    EXPECT_EQ(UnitOfCgroup(path), "") << path;
  }
}

TEST(CgroupNamesTest, FindsContainersOfAllRuntimes) {
  for (const std::string& path :
       {absl::StrCat("/docker/", Id()),
        absl::StrCat("/system.slice/docker-", Id(), ".scope"),
        absl::StrCat("/machine.slice/libpod-", Id(), ".scope/container"),
        absl::StrCat("/kubepods.slice/kubepods-pod1.slice/cri-containerd-",
                     Id(), ".scope"),
        absl::StrCat("/system.slice/containerd.service/"
                     "kubepods-pod1.slice:cri-containerd:",
                     Id()),
        absl::StrCat("/kubepods/besteffort/pod1/", Id()),
        absl::StrCat("/docker/", std::string(64, '1'), "/docker/", Id(),
                     "/init.scope")}) {
    EXPECT_EQ(ContainerOfCgroup(path), Id()) << path;
  }
  EXPECT_EQ(ContainerOfCgroup("/lxc.payload.web/system.slice/a.service"),
            "web");
  EXPECT_EQ(ContainerOfCgroup("/lxc/101/ns/init.scope"), "101");
}

TEST(CgroupNamesTest, FindsNoContainerWhereThereIsNone) {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/docker"),
        std::string("/lxc"), std::string("/lxc.payload."),
        absl::StrCat("/docker/", Id(), "0"), absl::StrCat("/docker/x", Id()),
        absl::StrCat("/docker/", Id().substr(1)),
        absl::StrCat("/docker/", std::string(64, 'A')),
        absl::StrCat("/machine.slice/libpod-conmon-", Id(), ".scope")}) {
    EXPECT_EQ(ContainerOfCgroup(path), "") << path;
  }
}

TEST(CgroupNamesTest, ComparesWholeComponents) {
  EXPECT_TRUE(HasCgroupComponent("/a/bc/d", "bc"));
  EXPECT_TRUE(HasCgroupComponent("/a/bc/d", "d"));
  EXPECT_FALSE(HasCgroupComponent("/a/bc/d", "b"));
  EXPECT_FALSE(HasCgroupComponent("", "b"));
}

}  // namespace
}  // namespace tallyman::platform
