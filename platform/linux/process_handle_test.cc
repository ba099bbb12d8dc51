// Handles of processes that the test starts.

#include "platform/process_handle.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "gtest/gtest.h"
#include "platform/linux/pidfd.h"
#include "platform/testing/launched.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::platform {
namespace {

// A shell that prints the pid of a child in its group, and waits for the child.
constexpr char kShellWithChild[] = "sleep 300 & echo $!; wait";

pid_t ReadPid(Launched& program) {
  int32_t pid = 0;
  EXPECT_TRUE(absl::SimpleAtoi(program.ReadLine(), &pid));
  return pid;
}

ProcessHandle Open(const Launched& program) {
  absl::StatusOr<ProcessHandle> handle =
      ProcessHandle::Open(program.identity());
  EXPECT_TRUE(handle.ok()) << handle.status();
  if (!handle.ok()) std::abort();
  return *std::move(handle);
}

TEST(BootIdTest, IsAUuid) {
  const absl::StatusOr<std::string> id = BootId();
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->size(), 36u);
  EXPECT_EQ(id->find_first_not_of("0123456789abcdef-"), std::string::npos);
  EXPECT_EQ(*BootId(), *id);
}

TEST(ProcessHandleTest, OpensAnIdentity) {
  const Launched program(ShellSpec("true"));
  const absl::StatusOr<ProcessIdentity> identity =
      IdentifyProcess(program.pid());
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(*identity, program.identity());
  EXPECT_EQ(identity->boot_id, *BootId());
  EXPECT_GT(identity->start_ticks, 0);
  const ProcessHandle handle = Open(program);
  EXPECT_EQ(handle.identity(), *identity);
}

TEST(ProcessHandleTest, AnotherIdentityWithTheSamePidIsNotFound) {
  const Launched program(ShellSpec("true"));
  ProcessIdentity other = program.identity();
  ++other.start_ticks;
  EXPECT_TRUE(absl::IsNotFound(ProcessHandle::Open(other).status()));
  other = program.identity();
  other.boot_id = "01234567-0123-0123-0123-0123456789ab";
  EXPECT_TRUE(absl::IsNotFound(ProcessHandle::Open(other).status()));
}

TEST(ProcessHandleTest, APidOfNoProcessIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(IdentifyProcess(0).status()));
  EXPECT_TRUE(absl::IsNotFound(IdentifyProcess(-1).status()));
  EXPECT_TRUE(absl::IsNotFound(IdentifyProcess(1 << 30).status()));
  EXPECT_TRUE(absl::IsNotFound(ProcessHandle::Open({}).status()));
  absl::Status of_thread;
  std::thread([&] { of_thread = IdentifyProcess(gettid()).status(); }).join();
  EXPECT_TRUE(absl::IsNotFound(of_thread)) << of_thread;
}

TEST(ProcessHandleTest, AZombieIsFoundUntilItIsReaped) {
  Launched program(ShellSpec("true"));
  const ProcessHandle before = Open(program);
  EXPECT_FALSE(before.HasEnded());
  EXPECT_EQ(program.Run(), Gate::State::kRunning);
  AwaitEnd(before.fd());
  EXPECT_TRUE(before.HasEnded());
  const ProcessHandle zombie = Open(program);
  EXPECT_TRUE(zombie.HasEnded());
  EXPECT_TRUE(IdentifyProcess(program.pid()).ok());
  EXPECT_TRUE(zombie.SignalGroup(0).ok());

  EXPECT_EQ(program.Wait(), 0);
  EXPECT_TRUE(before.HasEnded());
  EXPECT_TRUE(absl::IsNotFound(before.Signal(SIGTERM)));
  EXPECT_TRUE(absl::IsNotFound(before.SignalGroup(SIGTERM)));
  EXPECT_TRUE(absl::IsNotFound(before.SignalGroup(0)));
  EXPECT_TRUE(
      absl::IsNotFound(ProcessHandle::Open(program.identity()).status()));
}

TEST(ProcessHandleTest, SignalReachesTheProcessAlone) {
  Launched program(ShellSpec(kShellWithChild));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  const absl::StatusOr<ProcessIdentity> identity = IdentifyProcess(member);
  ASSERT_TRUE(identity.ok()) << identity.status();
  const absl::StatusOr<ProcessHandle> other = ProcessHandle::Open(*identity);
  ASSERT_TRUE(other.ok()) << other.status();

  EXPECT_TRUE(Open(program).Signal(SIGTERM).ok());
  EXPECT_EQ(WTERMSIG(program.Wait()), SIGTERM);
  EXPECT_FALSE(other->HasEnded());
  KillAndReap(member);
}

TEST(ProcessHandleTest, SignalGroupReachesMembersAfterTheirLeader) {
  Launched program(ShellSpec(kShellWithChild));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  const ProcessHandle handle = Open(program);
  EXPECT_TRUE(handle.Signal(SIGKILL).ok());
  program.Wait();
  EXPECT_TRUE(absl::IsNotFound(handle.Signal(0)));

  EXPECT_TRUE(handle.SignalGroup(0).ok());
  EXPECT_TRUE(handle.SignalGroup(SIGTERM).ok());
  int status = 0;
  ASSERT_EQ(waitpid(member, &status, 0), member);  // The test adopts orphans.
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_TRUE(absl::IsNotFound(handle.SignalGroup(SIGTERM)));
}

TEST(ProcessHandleTest, ABadSignalIsRefused) {
  const Launched program(ShellSpec("true"));
  EXPECT_TRUE(absl::IsInvalidArgument(Open(program).Signal(1000)));
  EXPECT_TRUE(absl::IsInvalidArgument(Open(program).SignalGroup(1000)));
}

TEST(ProcessHandleTest, HandlesCanBeMoved) {
  const Launched program(ShellSpec("true"));
  ProcessHandle first = Open(program);
  const int fd = first.fd();
  const ProcessHandle second = std::move(first);
  EXPECT_EQ(second.fd(), fd);
  EXPECT_TRUE(second.Signal(0).ok());
}

// The search for members, which Linux 6.9 makes unnecessary.

int SignalMembers(const ProcessHandle& handle, int signal) {
  return SignalGroupMembers(handle.identity().pid,
                            handle.identity().start_ticks, handle.fd(), signal);
}

TEST(SignalGroupMembersTest, ReachesTheLeaderAndMembersAfterIt) {
  Launched program(ShellSpec(kShellWithChild));
  const Launched stranger(ShellSpec("true"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const pid_t member = ReadPid(program);
  const ProcessHandle handle = Open(program);
  EXPECT_EQ(SignalMembers(handle, 0), 0);
  EXPECT_TRUE(handle.Signal(SIGKILL).ok());
  program.Wait();
  EXPECT_EQ(SignalMembers(handle, 0), 0);
  EXPECT_EQ(SignalMembers(handle, SIGTERM), 0);
  int status = 0;
  ASSERT_EQ(waitpid(member, &status, 0), member);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_EQ(SignalMembers(handle, SIGTERM), ESRCH);
  EXPECT_EQ(SignalMembers(handle, 0), ESRCH);
  EXPECT_FALSE(Open(stranger).HasEnded());
}

TEST(SignalGroupMembersTest, AZombieCounts) {
  Launched program(ShellSpec("true"));
  const ProcessHandle handle = Open(program);
  EXPECT_EQ(program.Run(), Gate::State::kRunning);
  AwaitEnd(handle.fd());
  EXPECT_EQ(SignalMembers(handle, 0), 0);
  program.Wait();
  EXPECT_EQ(SignalMembers(handle, 0), ESRCH);
}

TEST(SignalGroupMembersTest, SparesTheGroupOfAnotherLeader) {
  // Imitates that `program` has got the pid of `gone`, which has ended with all
  // of its group.
  Launched gone(ShellSpec("true"));
  const ProcessHandle handle = Open(gone);
  EXPECT_EQ(gone.Run(), Gate::State::kRunning);
  gone.Wait();
  const Launched program(ShellSpec("true"));
  EXPECT_EQ(SignalGroupMembers(program.pid(), 0, handle.fd(), SIGKILL), ESRCH);
  EXPECT_FALSE(Open(program).HasEnded());
}

TEST(SignalGroupMembersTest, SignalGroupUsesItOnOlderKernels) {
  const std::optional<int> result =
      RunRefusing({{.number = SYS_pidfd_send_signal,
                    .error = EINVAL,
                    .argument3 = uint32_t{1} << 2}},
                  [] {
                    Launched program(ShellSpec(kShellWithChild));
                    if (program.Run() != Gate::State::kRunning) return 2;
                    const pid_t member = ReadPid(program);
                    if (!Open(program).SignalGroup(SIGTERM).ok()) return 3;
                    // After that the member is a child of this process.
                    if (WTERMSIG(program.Wait()) != SIGTERM) return 6;
                    int status = 0;
                    if (waitpid(member, &status, 0) != member) return 4;
                    return WTERMSIG(status) == SIGTERM ? 0 : 5;
                  });
  if (!result) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_EQ(*result, 0);
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
