// Many held children at once, and the memory that they share with their parent.

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "platform/testing/launched.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::platform {
namespace {

// One of several children of a forker.
struct Held {
  Gate gate;
  base::UniqueFd output;
  ProcessIdentity identity;
};

Held ForkWith(HeldChildForker& forker, const LaunchSpec& spec) {
  absl::StatusOr<Gate> gate = Gate::Create();
  std::array<int, 2> ends;
  CHECK_OK(gate);
  CHECK_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const base::UniqueFd write_end(ends[1]);
  const absl::StatusOr<ProcessIdentity> child =
      forker.Fork(spec, {.gate = gate->child_end(), .output = write_end.get()});
  CHECK_OK(child);
  gate->CloseChildEnd();
  return {.gate = *std::move(gate),
          .output = base::UniqueFd(ends[0]),
          .identity = *child};
}

std::string ReadToEnd(const base::UniqueFd& output) {
  std::string text;
  char c = 0;
  while (read(output.get(), &c, 1) == 1) text.push_back(c);
  return text;
}

int WaitFor(pid_t pid) {
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

TEST(HeldChildForkerTest, ManyChildrenAreHeldAtOnce) {
  HeldChildForker forker;
  std::vector<Held> children;
  // The second round reuses the memory of the first.
  for (int round = 0; round < 2; ++round) {
    children.clear();
    for (int i = 0; i < 40; ++i) {
      LaunchSpec spec = ShellSpec("echo \"$NUMBER $0 $$\"");
      spec.environment.push_back(absl::StrCat("NUMBER=", round, ".", i));
      spec.arguments.push_back(absl::StrCat("zero", i));
      children.push_back(ForkWith(forker, spec));
    }
    for (const Held& child : children) {
      forker.AwaitSetUp(child.identity.pid);
      EXPECT_TRUE(forker.IsSetUp(child.identity.pid));
      EXPECT_EQ(getsid(child.identity.pid), child.identity.pid);
    }
    // Release the first half in reverse order, and drop the other half.
    for (int i = 19; i >= 0; --i) {
      Held& child = children[i];
      EXPECT_TRUE(child.gate.Release().ok());
      EXPECT_EQ(ReadToEnd(child.output),
                absl::StrCat(round, ".", i, " zero", i, " ", child.identity.pid,
                             "\n"));
      EXPECT_EQ(WaitFor(child.identity.pid), 0);
    }
    for (int i = 20; i < 40; ++i) {
      { const Gate dropped = std::move(children[i].gate); }
      EXPECT_EQ(ReadToEnd(children[i].output), "");
      EXPECT_EQ(WEXITSTATUS(WaitFor(children[i].identity.pid)),
                kNeverReleasedExitCode);
    }
  }
}

TEST(HeldChildForkerTest, TheIdentityAgreesWithProc) {
  HeldChildForker forker;
  // The forker reads only the first identities from /proc.
  for (int i = 0; i < 20; ++i) {
    Held child = ForkWith(forker, ShellSpec("true"));
    const absl::StatusOr<ProcessIdentity> read =
        IdentifyProcess(child.identity.pid);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(child.identity, *read);
    { const Gate dropped = std::move(child.gate); }
    WaitFor(child.identity.pid);
  }
}

TEST(HeldChildForkerTest, AChildOutlivesItsForker) {
  std::optional<Held> child;
  {
    HeldChildForker forker;
    child = ForkWith(forker, ShellSpec("echo $0; exit 3"));
  }
  EXPECT_TRUE(child->gate.Release().ok());
  EXPECT_EQ(ReadToEnd(child->output), "sh\n");
  EXPECT_EQ(WEXITSTATUS(WaitFor(child->identity.pid)), 3);
}

TEST(HeldChildForkerTest, AChildThatWasKilledCountsAsSetUp) {
  HeldChildForker forker;
  const Held child = ForkWith(forker, ShellSpec("true"));
  kill(child.identity.pid, SIGKILL);
  forker.AwaitSetUp(child.identity.pid);
  EXPECT_EQ(WTERMSIG(WaitFor(child.identity.pid)), SIGKILL);
  EXPECT_TRUE(forker.IsSetUp(child.identity.pid));
}

// A signal that dumps core ends one process, not all that share its memory.
TEST(HeldChildForkerTest, ACoreDumpEndsOneChildOnly) {
  HeldChildForker forker;
  const Held dumped = ForkWith(forker, ShellSpec("true"));
  Held other = ForkWith(forker, ShellSpec("echo alive"));
  forker.AwaitSetUp(dumped.identity.pid);
  forker.AwaitSetUp(other.identity.pid);
  kill(dumped.identity.pid, SIGABRT);
  EXPECT_EQ(WTERMSIG(WaitFor(dumped.identity.pid)), SIGABRT);
  EXPECT_TRUE(other.gate.Release().ok());
  EXPECT_EQ(ReadToEnd(other.output), "alive\n");
  EXPECT_EQ(WaitFor(other.identity.pid), 0);
}

TEST(HeldChildForkerTest, AFailingChildDoesNotChangeErrnoOfTheCaller) {
  HeldChildForker forker;
  LaunchSpec spec = {.arguments = {"nowhere"},
                     .environment = {"PATH=/a:/b:/c"}};
  Held child = ForkWith(forker, spec);
  errno = EXDEV;
  kill(child.identity.pid, 0);
  EXPECT_TRUE(child.gate.Release().ok());
  pollfd request = {.fd = child.gate.fd(), .events = POLLIN};
  poll(&request, 1, -1);
  EXPECT_EQ(errno, EXDEV);
  EXPECT_EQ(child.gate.Outcome(), Gate::State::kFailed);
  EXPECT_EQ(WEXITSTATUS(WaitFor(child.identity.pid)), 127);
}

TEST(HeldChildForkerTest, WithoutClone3AChildIsAFork) {
  const std::optional<int> result =
      RunRefusing({{.number = SYS_clone3, .error = ENOSYS}}, [] {
        HeldChildForker forker;
        Held child = ForkWith(forker, ShellSpec("echo $PPID; echo err >&2"));
        forker.AwaitSetUp(child.identity.pid);
        if (getsid(child.identity.pid) != child.identity.pid) return 2;
        if (!child.gate.Release().ok()) return 3;
        const std::string expected = absl::StrCat(getpid(), "\nerr\n");
        if (ReadToEnd(child.output) != expected) return 4;
        return WaitFor(child.identity.pid) == 0 ? 0 : 5;
      });
  if (!result) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_EQ(*result, 0);
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
