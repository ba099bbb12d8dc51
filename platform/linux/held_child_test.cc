// Held children that the test forks, and then releases or drops.

#include "platform/held_child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/process_handle.h"
#include "platform/testing/launched.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::platform {
namespace {

using Step = LaunchFailure::Step;

constexpr std::string_view kPath = "PATH=/usr/local/bin:/usr/bin:/bin";

std::string TempPath(std::string_view name) {
  return absl::StrCat(testing::TempDir(), "/", name, ".", getpid());
}

// The output of a shell command.
std::string OutputOf(const std::string& command) {
  Launched child(ShellSpec(command));
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  std::string output = child.ReadAll();
  EXPECT_EQ(child.Wait(), 0);
  return output;
}

TEST(HeldChildTest, ADroppedChildNeverRunsItsProgram) {
  const std::string file = TempPath("never");
  absl::StatusOr<Gate> gate = Gate::Create();
  ASSERT_TRUE(gate.ok());
  const base::UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  const absl::StatusOr<ProcessIdentity> child =
      HeldChildForker().Fork(ShellSpec(absl::StrCat("echo > '", file, "'")),
                             {.gate = gate->child_end(), .output = null.get()});
  ASSERT_TRUE(child.ok()) << child.status();
  { const Gate dropped = *std::move(gate); }
  int status = 0;
  ASSERT_EQ(waitpid(child->pid, &status, 0), child->pid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kNeverReleasedExitCode);
  EXPECT_EQ(access(file.c_str(), F_OK), -1);
}

TEST(HeldChildTest, AChildWaitsUntilItIsReleased) {
  Launched child(ShellSpec("echo ran; exit 5"));
  EXPECT_EQ(child.gate().Outcome(), Gate::State::kPending);
  const absl::StatusOr<ProcessHandle> handle =
      ProcessHandle::Open(child.identity());
  ASSERT_TRUE(handle.ok()) << handle.status();
  EXPECT_FALSE(handle->HasEnded());
  EXPECT_EQ(getpgid(child.pid()), child.pid());
  EXPECT_EQ(getsid(child.pid()), child.pid());
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "ran\n");
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 5);
  EXPECT_EQ(child.gate().Outcome(), Gate::State::kRunning);
}

TEST(HeldChildTest, AChildThatWasKilledCountsAsRunning) {
  Launched child(ShellSpec("echo ran"));
  kill(child.pid(), SIGKILL);
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "");
}

TEST(HeldChildTest, OnlyTheStandardDescriptorsAreOpen) {
  const base::UniqueFd extra(
      open("/dev/null", O_RDONLY));  // Without O_CLOEXEC.
  ASSERT_TRUE(extra.valid());
  const base::UniqueFd high(fcntl(extra.get(), F_DUPFD, 700));
  ASSERT_TRUE(high.valid());
  EXPECT_EQ(OutputOf("for i in $(seq 0 1000); do [ -e /proc/$$/fd/$i ] && "
                     "echo $i; done; true"),
            "0\n1\n2\n");
  EXPECT_EQ(OutputOf("readlink /proc/self/fd/0"), "/dev/null\n");
  EXPECT_EQ(OutputOf("echo on standard error >&2"), "on standard error\n");
}

TEST(HeldChildTest, SignalsAndUmaskAreTheDefaults) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction old_pipe;
  sigaction(SIGPIPE, &ignore, &old_pipe);
  const mode_t old_umask = umask(0077);

  Launched child({.arguments = {"cat", "/proc/self/status"},
                  .environment = {std::string(kPath)}});
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  const std::string status = child.ReadAll();
  EXPECT_TRUE(absl::StrContains(status, "\nSigBlk:\t0000000000000000\n"))
      << status;
  EXPECT_TRUE(absl::StrContains(status, "\nSigIgn:\t0000000000000000\n"))
      << status;
  EXPECT_TRUE(absl::StrContains(status, "\nUmask:\t0022\n")) << status;

  // The fork has not changed those of the caller.
  sigset_t now;
  sigprocmask(SIG_SETMASK, &before, &now);
  EXPECT_EQ(sigismember(&now, SIGTERM), 1);
  EXPECT_EQ(sigismember(&now, SIGINT), 0);
  sigaction(SIGPIPE, &old_pipe, nullptr);
  EXPECT_EQ(umask(old_umask), 0077u);
}

TEST(HeldChildTest, TheEnvironmentIsThatOfTheSpec) {
  Launched child({.arguments = {"/usr/bin/env"},
                  .environment = {"B=two words", "A=", "B=again"}});
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "B=two words\nA=\nB=again\n");
}

TEST(HeldChildTest, TheProgramIsLookedUpInTheNewPath) {
  const std::string directory = TempPath("bin");
  ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
  const std::string program = absl::StrCat(directory, "/only-there");
  ASSERT_EQ(symlink("/bin/echo", program.c_str()), 0);
  Launched child({.arguments = {"only-there", "here", ""},
                  .environment = {absl::StrCat("PATH=/nowhere:", directory)}});
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "here \n");
  unlink(program.c_str());
  rmdir(directory.c_str());
}

TEST(HeldChildTest, AScriptNeedsNoInterpreterLine) {
  const std::string directory = TempPath("scripts");
  ASSERT_EQ(mkdir(directory.c_str(), 0755), 0);
  const std::string script = absl::StrCat(directory, "/bare");
  std::ofstream(script) << "echo \"$0 $*\"\n";
  ASSERT_EQ(chmod(script.c_str(), 0755), 0);
  // The search passes over an entry of PATH that is no directory.
  const std::string other = absl::StrCat(directory, "/not-executable");
  std::ofstream(other) << "echo wrong\n";
  for (const bool found : {true, false}) {
    Launched child(
        {.arguments = {found ? "bare" : "not-executable", "a b", "c"},
         .environment = {absl::StrCat("PATH=", other, ":", directory)}});
    EXPECT_EQ(child.Run(),
              found ? Gate::State::kRunning : Gate::State::kFailed);
    if (found) {
      EXPECT_EQ(child.ReadAll(), absl::StrCat(script, " a b c\n"));
    } else {
      EXPECT_EQ(child.gate().failure().error, EACCES);
    }
  }
  unlink(other.c_str());
  unlink(script.c_str());
  rmdir(directory.c_str());
}

TEST(HeldChildTest, AProgramStartsInItsDirectory) {
  LaunchSpec spec = ShellSpec("pwd -P");
  {
    Launched child(spec);
    EXPECT_EQ(child.Run(), Gate::State::kRunning);
    EXPECT_EQ(child.ReadAll(), "/\n");
  }
  spec.directory = "/proc";
  Launched child(spec);
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "/proc\n");
}

TEST(HeldChildTest, LimitsAreBothSoftAndHard) {
  LaunchSpec spec = ShellSpec(
      "ulimit -Sn; ulimit -Hn; ulimit -St; ulimit -Ht; ulimit -Sv; ulimit -Hv");
  spec.limits = {
      .cpu_seconds = 77, .memory_bytes = int64_t{1} << 30, .open_files = 55};
  Launched child(spec);
  EXPECT_EQ(child.Run(), Gate::State::kRunning);
  EXPECT_EQ(child.ReadAll(), "55\n55\n77\n77\n1048576\n1048576\n");
}

TEST(HeldChildTest, ALimitCannotBeRaisedWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may raise limits";
  LaunchSpec low = ShellSpec("true");
  low.limits.open_files = int64_t{1} << 30;
  Launched child(low);
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  EXPECT_EQ(child.gate().failure().step, Step::kLimits);
  EXPECT_EQ(child.gate().failure().error, EPERM);
}

TEST(HeldChildTest, AFailureIsReportedWithoutFreeMemory) {
  LaunchSpec spec = {.arguments = {"/nowhere/at-all"}, .environment = {}};
  spec.limits.memory_bytes = 1;
  Launched child(spec);
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  EXPECT_EQ(child.gate().failure().step, Step::kExec);
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 127);
}

TEST(HeldChildTest, AMissingProgramIsAFailureOfExec) {
  LaunchSpec spec = {.arguments = {"no-such-program", "x"},
                     .environment = {std::string(kPath)}};
  Launched child(spec);
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  // The outcome does not change.
  EXPECT_EQ(child.gate().Outcome(), Gate::State::kFailed);
  const LaunchFailure& failure = child.gate().failure();
  EXPECT_EQ(failure.step, Step::kExec);
  EXPECT_EQ(failure.error, ENOENT);
  EXPECT_EQ(failure.Message(spec),
            "can't execute \"no-such-program\": No such file or directory");
  EXPECT_EQ(child.ReadAll(),
            "tallyman: can't execute \"no-such-program\": "
            "No such file or directory\n");
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 127);
}

TEST(HeldChildTest, AProgramThatCannotBeExecutedExitsWith126) {
  Launched child({.arguments = {"/proc/self/status"}, .environment = {}});
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  EXPECT_EQ(child.gate().failure().step, Step::kExec);
  EXPECT_EQ(child.gate().failure().error, EACCES);
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 126);
}

TEST(HeldChildTest, AMissingDirectoryIsNamed) {
  LaunchSpec spec = ShellSpec("true");
  spec.directory = "/no/such/place";
  Launched child(spec);
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  EXPECT_EQ(child.gate().failure().step, Step::kDirectory);
  EXPECT_EQ(child.gate().failure().error, ENOENT);
  EXPECT_EQ(child.gate().failure().Message(spec),
            "can't enter the directory \"/no/such/place\": "
            "No such file or directory");
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 126);
}

TEST(HeldChildTest, CredentialsAreApplied) {
  if (geteuid() != 0)
    GTEST_SKIP() << "only root can start a program as another user";
  LaunchSpec spec = ShellSpec("cat /proc/self/status");
  spec.credentials = {.uid = 65534, .gid = 65533, .groups = {65531, 65532}};
  Launched child(spec);
  if (child.Run() == Gate::State::kFailed) {
    EXPECT_EQ(child.gate().failure().step, Step::kCredentials);
    GTEST_SKIP() << child.gate().failure().Message(spec)
                 << " (a user namespace without these ids)";
  }
  const std::string status = child.ReadAll();
  EXPECT_TRUE(absl::StrContains(status, "\nUid:\t65534\t65534\t65534\t65534\n"))
      << status;
  EXPECT_TRUE(absl::StrContains(status, "\nGid:\t65533\t65533\t65533\t65533\n"))
      << status;
  EXPECT_TRUE(absl::StrContains(status, "\nGroups:\t65531 65532 \n")) << status;
}

TEST(HeldChildTest, CredentialsWithoutPermissionAreAFailure) {
  if (geteuid() == 0) GTEST_SKIP() << "root has the permission";
  LaunchSpec spec = ShellSpec("true");
  spec.credentials = {.uid = getuid() + 1, .gid = getgid()};
  Launched child(spec);
  ASSERT_EQ(child.Run(), Gate::State::kFailed);
  EXPECT_EQ(child.gate().failure().step, Step::kCredentials);
  EXPECT_EQ(child.gate().failure().error, EPERM);
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 126);
}

TEST(HeldChildTest, InvalidSpecsAreRefused) {
  HeldChildForker forker;
  const LaunchDescriptors none;
  EXPECT_TRUE(absl::IsInvalidArgument(forker.Fork({}, none).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      forker.Fork({.arguments = {std::string("a\0b", 3)}}, none).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      forker.Fork({.arguments = {"true"}, .limits = {.open_files = -1}}, none)
          .status()));
}

TEST(HeldChildTest, BadDescriptorsAreAFailureOfSetUp) {
  absl::StatusOr<Gate> gate = Gate::Create();
  ASSERT_TRUE(gate.ok());
  const LaunchSpec spec = ShellSpec("true");
  const absl::StatusOr<ProcessIdentity> child = HeldChildForker().Fork(
      spec, {.gate = gate->child_end(), .output = 1 << 20});
  ASSERT_TRUE(child.ok()) << child.status();
  gate->CloseChildEnd();
  int status = 0;
  ASSERT_EQ(waitpid(child->pid, &status, 0), child->pid);
  EXPECT_EQ(WEXITSTATUS(status), 126);
  // The child is gone already.
  EXPECT_TRUE(gate->Release().ok());
  ASSERT_EQ(gate->Outcome(), Gate::State::kFailed);
  EXPECT_EQ(gate->failure().step, Step::kSetUp);
  EXPECT_EQ(gate->failure().error, EBADF);
}

// Runs in a separate process. Closes the standard descriptors, so that the gate
// and the output get their numbers.
void LaunchWithoutStandardDescriptors(int result) {
  const int high = fcntl(result, F_DUPFD_CLOEXEC, 100);
  for (int fd = 0; fd < 10; ++fd) close(fd);
  absl::StatusOr<Gate> gate = Gate::Create();
  std::array<int, 2> ends;
  if (!gate.ok() || pipe2(ends.data(), O_CLOEXEC) != 0) _exit(2);
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  if (gate->child_end() > 2 && write_end.get() > 2) _exit(3);
  const absl::StatusOr<ProcessIdentity> child = HeldChildForker().Fork(
      ShellSpec("echo out; echo err >&2; readlink /proc/self/fd/0"),
      {.gate = gate->child_end(), .output = write_end.get()});
  if (!child.ok()) _exit(4);
  gate->CloseChildEnd();
  write_end.reset();
  if (!gate->Release().ok()) _exit(5);
  char c = 0;
  while (read(read_end.get(), &c, 1) == 1) {
    if (write(high, &c, 1) != 1) _exit(6);
  }
  int status = 0;
  if (waitpid(child->pid, &status, 0) != child->pid || status != 0) _exit(7);
  _exit(0);
}

TEST(HeldChildTest, TheCallerMayHaveNoStandardDescriptors) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) LaunchWithoutStandardDescriptors(write_end.get());
  write_end.reset();
  std::string text;
  char c = 0;
  while (read(read_end.get(), &c, 1) == 1) text.push_back(c);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text, "out\nerr\n/dev/null\n");
}

TEST(HeldChildTest, WithoutCloseRangeDescriptorsAreClosedOneByOne) {
  const std::optional<int> result =
      RunRefusing({{.number = SYS_close_range, .error = ENOSYS}}, [] {
        if (fcntl(0, F_DUPFD, 300) < 0) return 2;
        Launched child(ShellSpec(
            "for i in $(seq 0 400); do [ -e /proc/$$/fd/$i ] && echo $i; "
            "done"));
        if (child.Run() != Gate::State::kRunning) return 3;
        return child.ReadAll() == "0\n1\n2\n" ? 0 : 4;
      });
  if (!result) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_EQ(*result, 0);
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
