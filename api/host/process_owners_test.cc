#include "api/host/process_owners.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using platform::Process;

constexpr std::string_view kLaunch = "5999b763474b0eafa5fafb64bff0ba80";

ProcessOwners Owners() {
  return ProcessOwners({{.stack_uid = "s1",
                         .stack_name = "shop",
                         .process = "web",
                         .number = 1,
                         .pid = 100,
                         .start_ticks = 1000,
                         .launch = "e63e859d5ab72b0bcf14321f0ffb013d"},
                        {.stack_uid = "s1",
                         .process = "web",
                         .number = 2,
                         .pid = 0,  // Has ended; other processes live on.
                         .start_ticks = 1000,
                         .launch = std::string(kLaunch)}});
}

Process Make(int32_t pid, int32_t session, int64_t start_ticks,
             std::string_view cgroup = "/") {
  Process process;
  process.pid = pid;
  process.session = session;
  process.start_ticks = start_ticks;
  process.cgroup = cgroup;
  return process;
}

// 0 if there is no instance.
int64_t NumberOf(const Process& process) {
  const ProcessOwners owners = Owners();
  const RunningInstance* const found = owners.Find(process);
  return found == nullptr ? 0 : found->number;
}

TEST(ProcessOwnersTest, FindsTheFirstProcessAndItsSession) {
  EXPECT_EQ(NumberOf(Make(100, 100, 1000)), 1);
  EXPECT_EQ(NumberOf(Make(101, 100, 1000)), 1);
  EXPECT_EQ(NumberOf(Make(101, 100, 2000)), 1);
}

TEST(ProcessOwnersTest, AnotherProcessWithThePidBelongsToNone) {
  EXPECT_EQ(NumberOf(Make(100, 1, 999)), 0);
  EXPECT_EQ(NumberOf(Make(100, 1, 1001)), 0);
}

TEST(ProcessOwnersTest, AnOlderProcessBelongsToNone) {
  EXPECT_EQ(NumberOf(Make(99, 100, 999)), 0);
  EXPECT_EQ(NumberOf(Make(99, 99, 999, absl::StrCat("/a/", kLaunch))), 0);
}

TEST(ProcessOwnersTest, FindsTheCgroupOfTheLaunch) {
  EXPECT_EQ(NumberOf(Make(7, 7, 1000, absl::StrCat("/a/", kLaunch))), 2);
  EXPECT_EQ(NumberOf(Make(7, 7, 1000, absl::StrCat("/a/", kLaunch, "/b/c"))),
            2);
  // The cgroup decides if the session is another instance's.
  EXPECT_EQ(NumberOf(Make(7, 100, 1000, absl::StrCat("/a/", kLaunch))), 2);
  EXPECT_EQ(NumberOf(Make(7, 7, 1000, absl::StrCat("/a/x", kLaunch))), 0);
}

TEST(ProcessOwnersTest, UnknownFieldsBelongToNone) {
  EXPECT_EQ(NumberOf(Make(7, -1, -1, "")), 0);
  EXPECT_EQ(NumberOf(Make(7, 0, 2000)), 0);
  EXPECT_EQ(ProcessOwners::None().Find(Make(100, 100, 1000)), nullptr);
}

}  // namespace
}  // namespace tallyman::api
