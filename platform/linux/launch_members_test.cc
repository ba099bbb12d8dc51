// Launches that the test starts.

#include "platform/launch_members.h"

#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "platform/process_handle.h"
#include "platform/testing/launched.h"
#include "platform/testing/proc_file.h"

namespace tallyman::platform {
namespace {

// A launch id that no other run of the test has.
std::string LaunchId(const std::string& name) {
  return absl::StrCat("test-", getpid(), "-", *BootId(), "-", name);
}

std::string Variable(const std::string& launch_id) {
  return absl::StrCat(kLaunchVariable, "=", launch_id);
}

pid_t ReadPid(Launched& program) {
  int32_t pid = 0;
  EXPECT_TRUE(absl::SimpleAtoi(program.ReadLine(), &pid));
  return pid;
}

std::vector<std::vector<ProcessHandle>> Find(
    absl::Span<const LaunchIdentity> launches) {
  absl::StatusOr<std::vector<std::vector<ProcessHandle>>> found =
      FindLaunchMembers(launches);
  EXPECT_TRUE(found.ok()) << found.status();
  if (!found.ok()) std::abort();
  return *std::move(found);
}

std::vector<pid_t> PidsOf(const std::vector<ProcessHandle>& handles) {
  std::vector<pid_t> pids;
  pids.reserve(handles.size());
  for (const ProcessHandle& handle : handles) {
    pids.push_back(handle.identity().pid);
  }
  return pids;
}

std::vector<pid_t> Members(const LaunchIdentity& launch) {
  return PidsOf(Find({launch})[0]);
}

std::vector<pid_t> Sorted(std::vector<pid_t> pids) {
  std::sort(pids.begin(), pids.end());
  return pids;
}

using Pids = std::vector<pid_t>;

TEST(FindLaunchMembersTest, AHeldChildIsTheOnlyMember) {
  const Launched program(ShellSpec("true"));
  EXPECT_EQ(Members({program.identity(), LaunchId("held")}),
            Pids{program.pid()});
}

TEST(FindLaunchMembersTest, FindsNothingForNoLaunches) {
  EXPECT_TRUE(Find({}).empty());
}

TEST(FindLaunchMembersTest, FindsTheSessionWithoutALaunchId) {
  Launched program(ShellSpec("sleep 300 & echo $!; wait"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  EXPECT_EQ(Members({program.identity(), LaunchId("session")}),
            Sorted({program.pid(), member}));
}

TEST(FindLaunchMembersTest, FindsADaemonByItsLaunchId) {
  const std::string launch_id = LaunchId("daemon");
  Launched program(DaemonSpec(/*keep_leader=*/false, {Variable(launch_id)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t daemon = ReadPid(program);
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_NE(getsid(daemon), program.pid());
  const LaunchIdentity launch = {program.identity(), launch_id};
  {
    const std::vector<std::vector<ProcessHandle>> found = Find({launch});
    EXPECT_EQ(PidsOf(found[0]), Pids{daemon});
    ASSERT_FALSE(found[0].empty());
    EXPECT_TRUE(found[0][0].Signal(SIGKILL).ok());
    AwaitEnd(found[0][0].fd());
  }
  // A zombie is not a member.
  EXPECT_EQ(Members(launch), Pids{});
  KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, SparesOtherLaunches) {
  const std::string launch_id = LaunchId("one");
  Launched one(DaemonSpec(/*keep_leader=*/true, {Variable(launch_id)}));
  Launched two(DaemonSpec(/*keep_leader=*/true, {Variable(LaunchId("two"))}));
  // Launch ids and variables that only resemble those of `one`.
  Launched three(DaemonSpec(
      /*keep_leader=*/true,
      {Variable(launch_id + "1"), "X" + Variable(launch_id),
       "Y=" + Variable(launch_id)}));
  ASSERT_EQ(one.Run(), Gate::State::kRunning);
  ASSERT_EQ(two.Run(), Gate::State::kRunning);
  ASSERT_EQ(three.Run(), Gate::State::kRunning);
  const pid_t daemon1 = ReadPid(one);
  const pid_t daemon2 = ReadPid(two);
  const pid_t daemon3 = ReadPid(three);
  EXPECT_EQ(Members({one.identity(), launch_id}), Sorted({one.pid(), daemon1}));
  const std::vector<std::vector<ProcessHandle>> both =
      Find({{{two.identity(), LaunchId("two")}, {one.identity(), launch_id}}});
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(PidsOf(both[0]), Sorted({two.pid(), daemon2}));
  EXPECT_EQ(PidsOf(both[1]), Sorted({one.pid(), daemon1}));
  for (const pid_t daemon : {daemon1, daemon2, daemon3}) KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, ALaunchIdOutweighsTheSession) {
  const std::string outer = LaunchId("outer");
  const std::string inner = LaunchId("inner");
  Launched program(
      ShellSpec(absl::StrCat(Variable(inner), " sleep 300 & echo $!; wait"),
                {Variable(outer)}));
  const Launched other(ShellSpec("true"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  // Until the member executes sleep(1) it has the launch id of the shell: wait
  // for its execve(2).
  while (Members({program.identity(), outer}).size() != 1) {
  }
  // The member has the launch id of the second launch, and has started after
  // its leader.
  const std::vector<std::vector<ProcessHandle>> found =
      Find({{{program.identity(), outer}, {program.identity(), inner}}});
  EXPECT_EQ(PidsOf(found[0]), Pids{program.pid()});
  EXPECT_EQ(PidsOf(found[1]), Pids{member});
}

TEST(FindLaunchMembersTest, AfterTheLeaderOnlyALaunchIdProvesTheSession) {
  const std::string launch_id = LaunchId("left");
  Launched program(ShellSpec(
      "sleep 300 & echo $!; env -i sleep 300 & echo $!; read x < /dev/null",
      {Variable(launch_id)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t marked = ReadPid(program);
  const pid_t unmarked = ReadPid(program);
  const LaunchIdentity launch = {program.identity(), launch_id};
  program.Wait();
  // In the middle of an execve(2) it has no launch id.
  while (!ReadProc(marked, "cmdline").value_or("").starts_with("sleep")) {
    sched_yield();
  }
  // Both are in the session of a leader that is gone.
  EXPECT_EQ(Members(launch), Sorted({marked, unmarked}));
  KillAndReap(marked);
  // Until env(1) executes sleep(1) the process has the launch id.
  while (!Members(launch).empty()) {
  }
  EXPECT_EQ(kill(unmarked, 0), 0);
  KillAndReap(unmarked);
}

TEST(FindLaunchMembersTest, AZombieLeaderStillProvesItsSession) {
  Launched program(ShellSpec("sleep 300 & echo $!; exit 0"));
  const absl::StatusOr<ProcessHandle> leader =
      ProcessHandle::Open(program.identity());
  ASSERT_TRUE(leader.ok()) << leader.status();
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  AwaitEnd(leader->fd());
  const LaunchIdentity launch = {program.identity(), LaunchId("zombie")};
  EXPECT_EQ(Members(launch), Pids{member});
  program.Wait();
  EXPECT_EQ(Members(launch), Pids{});
  KillAndReap(member);
}

TEST(FindLaunchMembersTest, SparesAnotherProcessWithTheLeadersPid) {
  Launched program(ShellSpec("sleep 300 & echo $!; wait"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  ReadPid(program);
  LaunchIdentity launch = {program.identity(), LaunchId("other")};
  launch.leader.start_ticks -= 1;
  EXPECT_EQ(Members(launch), Pids{});
  launch.leader = program.identity();
  launch.leader.boot_id = "01234567-0123-0123-0123-0123456789ab";
  EXPECT_EQ(Members(launch), Pids{});
}

TEST(FindLaunchMembersTest, SparesProcessesOlderThanTheLeader) {
  const std::string launch_id = LaunchId("older");
  Launched program(DaemonSpec(/*keep_leader=*/true, {Variable(launch_id)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t daemon = ReadPid(program);
  LaunchIdentity launch = {program.identity(), launch_id};
  launch.leader.start_ticks += 1 << 20;
  EXPECT_EQ(Members(launch), Pids{});
  KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, SparesTheCaller) {
  const absl::StatusOr<ProcessIdentity> self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok()) << self.status();
  EXPECT_EQ(Members({*self, LaunchId("self")}), Pids{});
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
