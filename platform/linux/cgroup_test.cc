// Cgroups that the test makes and removes. Skipped if it cannot make any: in
// most sandboxes and containers they are read-only.

#include "platform/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/launched.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::platform {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// True if the cgroup has processes; `events` is its "cgroup.events" file.
bool IsPopulated(int events) {
  std::array<char, 256> text = {};
  EXPECT_GT(pread(events, text.data(), text.size() - 1, 0), 0);
  return absl::StrContains(text.data(), "populated 1");
}

void AwaitEmpty(int events) {
  while (IsPopulated(events)) {
    pollfd request = {.fd = events, .events = POLLPRI};
    ASSERT_EQ(poll(&request, 1, -1), 1);
  }
}

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = absl::StrCat("tallyman-test-", getpid());
    absl::StatusOr<std::unique_ptr<CgroupParent>> parent =
        CgroupParent::Open(name);
    if (absl::IsUnavailable(parent.status())) {
      GTEST_SKIP() << parent.status();
    }
    ASSERT_TRUE(parent.ok()) << parent.status();
    parent_ = *std::move(parent);
    EXPECT_TRUE(absl::EndsWith(parent_->path(), "/" + name));
  }

  void TearDown() override {
    if (parent_ == nullptr) return;
    parent_->RemoveIfEmpty();
    EXPECT_EQ(access(parent_->path().c_str(), F_OK), -1)
        << parent_->path() << " is left";
  }

  // Kills all processes of `name` and removes it.
  void KillAndRemove(std::string_view name) {
    absl::StatusOr<base::UniqueFd> events = parent_->OpenEvents(name);
    ASSERT_TRUE(events.ok()) << events.status();
    EXPECT_TRUE(parent_->Kill(name).ok());
    AwaitEmpty(events->get());
    const absl::StatusOr<bool> gone = parent_->Remove(name);
    ASSERT_TRUE(gone.ok()) << gone.status();
    EXPECT_TRUE(*gone);
  }

  std::unique_ptr<CgroupParent> parent_;
};

TEST_F(CgroupTest, ADaemonStaysInItsCgroup) {
  const absl::StatusOr<base::UniqueFd> cgroup = parent_->Make("a");
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  Launched program(DaemonSpec(/*keep_leader=*/false, {}), cgroup->get());
  const std::string procs = absl::StrCat(parent_->path(), "/a/cgroup.procs");
  EXPECT_EQ(ReadFile(procs), absl::StrCat(program.pid(), "\n"));
  ASSERT_EQ(program.Run(), Gate::State::kRunning);
  const std::string daemon = program.ReadLine();
  program.Wait();
  EXPECT_EQ(ReadFile(procs), daemon + "\n");

  absl::StatusOr<bool> gone = parent_->Remove("a");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_FALSE(*gone);
  KillAndRemove("a");
  int32_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(daemon, &pid));
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(CgroupTest, NestedCgroupsAreRemovedToo) {
  ASSERT_TRUE(parent_->Make("a").ok());
  const std::string inner = absl::StrCat(parent_->path(), "/a/b");
  ASSERT_EQ(mkdir(inner.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(absl::StrCat(inner, "/c").c_str(), 0755), 0);
  ASSERT_EQ(mkdir(absl::StrCat(inner, "/d").c_str(), 0755), 0);
  {
    const base::UniqueFd directory(open(absl::StrCat(inner, "/d").c_str(),
                                        O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const Launched program(ShellSpec("true"), directory.get());
    const absl::StatusOr<bool> gone = parent_->Remove("a");
    ASSERT_TRUE(gone.ok()) << gone.status();
    EXPECT_FALSE(*gone);
    // Nothing is removed.
    EXPECT_EQ(access(absl::StrCat(inner, "/c").c_str(), F_OK), 0);
    EXPECT_TRUE(parent_->Kill("a").ok());
  }
  KillAndRemove("a");
}

TEST_F(CgroupTest, MakeAcceptsAnExistingCgroup) {
  ASSERT_TRUE(parent_->Make("a").ok());
  ASSERT_TRUE(parent_->Make("a").ok());
  const absl::StatusOr<std::unique_ptr<CgroupParent>> again =
      CgroupParent::OpenPath(parent_->path());
  ASSERT_TRUE(again.ok()) << again.status();
  // It is not empty: it has a child.
  (*again)->RemoveIfEmpty();
  EXPECT_EQ(access(parent_->path().c_str(), F_OK), 0);
  EXPECT_TRUE(*(*again)->Remove("a"));
}

TEST_F(CgroupTest, AMissingCgroupCountsAsRemoved) {
  EXPECT_TRUE(parent_->Kill("none").ok());
  const absl::StatusOr<bool> gone = parent_->Remove("none");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_TRUE(*gone);
  EXPECT_TRUE(absl::IsNotFound(parent_->OpenEvents("none").status()));
}

TEST_F(CgroupTest, NamesAreFileNames) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view name :
       {""sv, "."sv, ".."sv, "a/b"sv, "../a"sv, "a\0b"sv}) {
    EXPECT_TRUE(absl::IsInvalidArgument(parent_->Make(name).status())) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(parent_->Kill(name))) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(parent_->Remove(name).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(parent_->OpenEvents(name).status()));
  }
}

TEST_F(CgroupTest, WithoutClone3TheChildIsMovedIntoTheCgroup) {
  const absl::StatusOr<base::UniqueFd> cgroup = parent_->Make("a");
  ASSERT_TRUE(cgroup.ok()) << cgroup.status();
  const std::optional<int> result =
      RunRefusing({{.number = SYS_clone3, .error = ENOSYS}}, [&] {
        const Launched program(ShellSpec("true"), cgroup->get());
        return ReadFile(absl::StrCat(parent_->path(), "/a/cgroup.procs")) ==
                       absl::StrCat(program.pid(), "\n")
                   ? 0
                   : 1;
      });
  KillAndRemove("a");
  if (!result) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_EQ(*result, 0);
}

TEST(CgroupParentTest, OtherDirectoriesAreRefused) {
  EXPECT_TRUE(
      absl::IsUnavailable(CgroupParent::OpenPath(testing::TempDir()).status()));
  EXPECT_TRUE(
      absl::IsUnavailable(CgroupParent::OpenPath("/no/such/place").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(CgroupParent::Open("../x").status()));
}

}  // namespace
}  // namespace tallyman::platform

int main(int argc, char** argv) {
  return tallyman::platform::TestMain(argc, argv);
}
