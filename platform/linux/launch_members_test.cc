// Families of processes that the test starts itself.

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

// A mark that no other run of the test has.
std::string Mark(const std::string& name) {
  return absl::StrCat("test-", getpid(), "-", *BootId(), "-", name);
}

std::string Variable(const std::string& mark) {
  return absl::StrCat(kLaunchVariable, "=", mark);
}

pid_t ReadPid(Launched& program) {
  int32_t pid = 0;
  EXPECT_TRUE(absl::SimpleAtoi(program.ReadLine(), &pid));
  return pid;
}

std::vector<std::vector<ProcessHandle>> Find(
    absl::Span<const LaunchIdentity> families) {
  absl::StatusOr<std::vector<std::vector<ProcessHandle>>> found =
      FindLaunchMembers(families);
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

std::vector<pid_t> Members(const LaunchIdentity& family) {
  return PidsOf(Find({family})[0]);
}

std::vector<pid_t> Sorted(std::vector<pid_t> pids) {
  std::sort(pids.begin(), pids.end());
  return pids;
}

using Pids = std::vector<pid_t>;

TEST(FindLaunchMembersTest, AHeldChildIsItsOwnFamily) {
  const Launched program(ShellSpec("true"));
  EXPECT_EQ(Members({program.identity(), Mark("held")}), Pids{program.pid()});
}

TEST(FindLaunchMembersTest, NoFamiliesHaveNoMembers) {
  EXPECT_TRUE(Find({}).empty());
}

TEST(FindLaunchMembersTest, MembersOfTheSessionAreFoundWithoutAMark) {
  Launched program(ShellSpec("sleep 300 & echo $!; wait"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  EXPECT_EQ(Members({program.identity(), Mark("session")}),
            Sorted({program.pid(), member}));
}

TEST(FindLaunchMembersTest, ADaemonIsFoundByItsMark) {
  const std::string mark = Mark("daemon");
  Launched program(DaemonSpec(/*keep_leader=*/false, {Variable(mark)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t daemon = ReadPid(program);
  EXPECT_EQ(program.Wait(), 0);
  EXPECT_NE(getsid(daemon), program.pid());
  const LaunchIdentity family = {program.identity(), mark};
  {
    const std::vector<std::vector<ProcessHandle>> found = Find({family});
    EXPECT_EQ(PidsOf(found[0]), Pids{daemon});
    ASSERT_FALSE(found[0].empty());
    EXPECT_TRUE(found[0][0].Signal(SIGKILL).ok());
    AwaitEnd(found[0][0].fd());
  }
  // A zombie is no member.
  EXPECT_EQ(Members(family), Pids{});
  KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, OthersAreLeftAlone) {
  const std::string mark = Mark("one");
  Launched one(DaemonSpec(/*keep_leader=*/true, {Variable(mark)}));
  Launched two(DaemonSpec(/*keep_leader=*/true, {Variable(Mark("two"))}));
  // A mark that only looks alike.
  Launched three(DaemonSpec(
      /*keep_leader=*/true,
      {Variable(mark + "1"), "X" + Variable(mark), "Y=" + Variable(mark)}));
  ASSERT_EQ(one.Run(), Gate::State::kRunning);
  ASSERT_EQ(two.Run(), Gate::State::kRunning);
  ASSERT_EQ(three.Run(), Gate::State::kRunning);
  const pid_t daemon1 = ReadPid(one);
  const pid_t daemon2 = ReadPid(two);
  const pid_t daemon3 = ReadPid(three);
  EXPECT_EQ(Members({one.identity(), mark}), Sorted({one.pid(), daemon1}));
  const std::vector<std::vector<ProcessHandle>> both =
      Find({{{two.identity(), Mark("two")}, {one.identity(), mark}}});
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(PidsOf(both[0]), Sorted({two.pid(), daemon2}));
  EXPECT_EQ(PidsOf(both[1]), Sorted({one.pid(), daemon1}));
  for (const pid_t daemon : {daemon1, daemon2, daemon3}) KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, AMarkOutweighsTheSession) {
  const std::string outer = Mark("outer");
  const std::string inner = Mark("inner");
  Launched program(
      ShellSpec(absl::StrCat(Variable(inner), " sleep 300 & echo $!; wait"),
                {Variable(outer)}));
  const Launched other(ShellSpec("true"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  // The shell may not have executed the program yet, and has its own mark then;
  // waiting for the change is waiting for execve(2).
  while (Members({program.identity(), outer}).size() != 1) {
  }
  // It started after the leader of the other family here, whose mark it has.
  const std::vector<std::vector<ProcessHandle>> found =
      Find({{{program.identity(), outer}, {program.identity(), inner}}});
  EXPECT_EQ(PidsOf(found[0]), Pids{program.pid()});
  EXPECT_EQ(PidsOf(found[1]), Pids{member});
}

TEST(FindLaunchMembersTest, AfterTheLeaderOnlyAMarkProvesTheSession) {
  const std::string mark = Mark("left");
  Launched program(ShellSpec(
      "sleep 300 & echo $!; env -i sleep 300 & echo $!; read x < /dev/null",
      {Variable(mark)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t marked = ReadPid(program);
  const pid_t unmarked = ReadPid(program);
  const LaunchIdentity family = {program.identity(), mark};
  program.Wait();
  // In the middle of execve(2) it has no mark.
  while (!ReadProc(marked, "cmdline").value_or("").starts_with("sleep")) {
    sched_yield();
  }
  // Both in the session of a leader that is gone.
  EXPECT_EQ(Members(family), Sorted({marked, unmarked}));
  KillAndReap(marked);
  // Until env(1) has executed sleep(1) it has the mark itself.
  while (!Members(family).empty()) {
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
  const LaunchIdentity family = {program.identity(), Mark("zombie")};
  EXPECT_EQ(Members(family), Pids{member});
  program.Wait();
  EXPECT_EQ(Members(family), Pids{});
  KillAndReap(member);
}

TEST(FindLaunchMembersTest, AnotherProcessWithTheLeadersPidIsNoMember) {
  Launched program(ShellSpec("sleep 300 & echo $!; wait"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  ReadPid(program);
  LaunchIdentity family = {program.identity(), Mark("other")};
  family.leader.start_ticks -= 1;
  EXPECT_EQ(Members(family), Pids{});
  family.leader = program.identity();
  family.leader.boot_id = "01234567-0123-0123-0123-0123456789ab";
  EXPECT_EQ(Members(family), Pids{});
}

TEST(FindLaunchMembersTest, WhatIsOlderThanTheLeaderIsNoMember) {
  const std::string mark = Mark("older");
  Launched program(DaemonSpec(/*keep_leader=*/true, {Variable(mark)}));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t daemon = ReadPid(program);
  LaunchIdentity family = {program.identity(), mark};
  family.leader.start_ticks += 1 << 20;
  EXPECT_EQ(Members(family), Pids{});
  KillAndReap(daemon);
}

TEST(FindLaunchMembersTest, TheCallerIsNoMember) {
  const absl::StatusOr<ProcessIdentity> self = IdentifyProcess(getpid());
  ASSERT_TRUE(self.ok()) << self.status();
  EXPECT_EQ(Members({*self, Mark("self")}), Pids{});
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
