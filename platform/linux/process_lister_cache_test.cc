// The cache of open files, with real processes, which the test starts and ends
// itself: a lister with cached files lists the same as a new lister.

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/listing.h"

namespace tallyman::platform {
namespace {

// The usual fields need three files.
constexpr int64_t kFilesPerProcess = 3;
constexpr ProcessFields kUsualFields =
    ProcessFields(ProcessField::kName) | ProcessField::kArguments |
    ProcessField::kState | ProcessField::kPeakResidentBytes |
    ProcessField::kUser | ProcessField::kStorageIo;

std::unique_ptr<ProcessLister> MakeLister(
    const ProcessLister::Options& options = {}) {
  absl::StatusOr<std::unique_ptr<ProcessLister>> lister =
      ProcessLister::Create(options);
  CHECK_OK(lister);
  return *std::move(lister);
}

ProcessSnapshot List(const ProcessLister& lister) {
  absl::StatusOr<ProcessSnapshot> snapshot =
      lister.List({.fields = kUsualFields});
  CHECK_OK(snapshot);
  return *std::move(snapshot);
}

// Descriptors that this process has open, from number `first` on.
size_t OpenDescriptors(int first = 0) {
  size_t count = 0;
  for (int fd = first; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) ++count;
  }
  return count;
}

// A process that obeys commands from a pipe. The destructor kills it.
class Child {
 public:
  // With the pid `pid`, which must be free, unless that is 0; see error().
  explicit Child(pid_t pid = 0) {
    int ends[2];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    const base::UniqueFd commands(ends[0]);
    commands_ = base::UniqueFd(ends[1]);
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    answers_ = base::UniqueFd(ends[0]);
    const base::UniqueFd answer(ends[1]);
    clone_args arguments = {};
    arguments.exit_signal = SIGCHLD;
    if (pid != 0) {
      arguments.set_tid = reinterpret_cast<uintptr_t>(&pid);
      arguments.set_tid_size = 1;
    }
    pid_ =
        static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof(arguments)));
    if (pid_ == 0) Obey(commands.get(), answer.get());
    error_ = pid_ < 0 ? errno : 0;
  }
  ~Child() { End(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // The errno of clone3(2), or 0.
  int error() const { return error_; }

  // 'n': takes another name. 'u': becomes user 65534. 'x': executes cat.
  // Returns once that is done; false if the process lacks the permission.
  bool Do(char command) {
    CHECK_EQ(write(commands_.get(), &command, 1), 1);
    // cat echoes the second one, once it runs.
    if (command == 'x') CHECK_EQ(write(commands_.get(), &command, 1), 1);
    char answer = 0;
    CHECK_EQ(read(answers_.get(), &answer, 1), 1);
    return answer == command;
  }

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    CHECK_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = 0;
  }

 private:
  // Only system calls are safe in a fork of a process with threads.
  [[noreturn]] static void Obey(int commands, int answer) {
    char command = 0;
    while (read(commands, &command, 1) == 1) {
      if (command == 'n') prctl(PR_SET_NAME, "renamed");
      if (command == 'u' && syscall(SYS_setresuid, 65534, 65534, 65534) != 0) {
        command = '-';
      }
      if (command == 'x') {
        // The standard input of cat is the pipe of commands.
        dup2(commands, STDIN_FILENO);
        dup2(answer, STDOUT_FILENO);
        execl("/bin/cat", "cat", "-u", nullptr);
        _exit(1);
      }
      if (write(answer, &command, 1) != 1) break;
    }
    _exit(0);
  }

  pid_t pid_ = -1;
  int error_ = 0;
  base::UniqueFd commands_;
  base::UniqueFd answers_;
};

TEST(ProcFileCacheTest, HasThreeFilesOfAProcessUntilItEnds) {
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  EXPECT_EQ(lister->kept_descriptors(), 0);
  List(*lister);
  const int64_t before = lister->kept_descriptors();
  EXPECT_GE(before, kFilesPerProcess);  // This process at least.
  pid_t pid = 0;
  {
    const Child child;
    pid = child.pid();
    EXPECT_NE(Find(List(*lister), pid), nullptr);
    EXPECT_NE(Find(List(*lister), pid), nullptr);
  }
  EXPECT_EQ(Find(List(*lister), pid), nullptr);
}

TEST(ProcFileCacheTest, ShowsANewNameAndANewProgram) {
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  Child child;
  List(*lister);
  child.Do('n');
  EXPECT_EQ(Find(List(*lister), child.pid())->name, "renamed");
  child.Do('x');
  const ProcessSnapshot executed = List(*lister);
  EXPECT_EQ(Find(executed, child.pid())->name, "cat");
  EXPECT_EQ(CommandLine(*Find(executed, child.pid())), "cat -u");
}

TEST(ProcFileCacheTest, ShowsANewOwner) {
  const std::unique_ptr<ProcessLister> lister = MakeLister(
      {.user_name = [](uint32_t uid) { return absl::StrCat("user ", uid); }});
  Child child;
  EXPECT_EQ(Find(List(*lister), child.pid())->user,
            absl::StrCat("user ", geteuid()));
  if (!child.Do('u')) GTEST_SKIP() << "no permission to change the user";
  for (int i = 0; i < 2; ++i) {
    const ProcessSnapshot snapshot = List(*lister);
    EXPECT_EQ(Find(snapshot, child.pid())->user, "user 65534");
    EXPECT_GE(Find(snapshot, child.pid())->storage_read_bytes, 0);
  }
}

// Another process gets the pid of one whose files are in the cache.
TEST(ProcFileCacheTest, AReusedPidShowsTheNewProcess) {
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  Child first;
  first.Do('n');
  const pid_t pid = first.pid();
  EXPECT_EQ(Find(List(*lister), pid)->name, "renamed");
  first.End();
  Child second(pid);
  if (second.error() == EPERM) GTEST_SKIP() << "no permission to choose a pid";
  ASSERT_EQ(second.pid(), pid) << second.error();
  const ProcessSnapshot snapshot = List(*lister);
  const Process* const process = Find(snapshot, pid);
  ASSERT_NE(process, nullptr);
  EXPECT_NE(process->name, "renamed");
  EXPECT_FALSE(process->arguments.empty());
  EXPECT_FALSE(process->user.empty());
  EXPECT_GE(process->storage_read_bytes, 0);
  EXPECT_GT(process->peak_resident_bytes, 0);
  second.Do('x');
  EXPECT_EQ(Find(List(*lister), pid)->name, "cat");
}

// As above, of a field that is read once for each process in the cache.
TEST(ProcFileCacheTest, AReusedPidShowsTheStartOfTheNewProcess) {
  const auto start_of = [](const ProcessLister& lister, pid_t pid) {
    const absl::StatusOr<ProcessSnapshot> snapshot =
        lister.List({.fields = kUsualFields | ProcessField::kStartTime});
    CHECK_OK(snapshot);
    const Process* const process = Find(*snapshot, pid);
    CHECK(process != nullptr);
    return process->start_ticks;
  };
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  Child first;
  const pid_t pid = first.pid();
  const int64_t start = start_of(*MakeLister(), pid);
  EXPECT_GT(start, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(start_of(*lister, pid), start);
  first.Do('x');
  EXPECT_EQ(start_of(*lister, pid), start);
  first.End();
  // Starts are counted in ticks: try until the next one.
  int64_t next_start = start;
  std::unique_ptr<Child> second;
  while (next_start == start) {
    second.reset();
    second = std::make_unique<Child>(pid);
    if (second->error() == EPERM) {
      GTEST_SKIP() << "no permission to choose a pid";
    }
    ASSERT_EQ(second->pid(), pid) << second->error();
    next_start = start_of(*MakeLister(), pid);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(start_of(*lister, pid), next_start);
}

TEST(ProcFileCacheTest, AZombieHasNoArguments) {
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  Child child;
  EXPECT_FALSE(Find(List(*lister), child.pid())->arguments.empty());
  kill(child.pid(), SIGKILL);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, child.pid(), &info, WEXITED | WNOWAIT), 0);
  const ProcessSnapshot snapshot = List(*lister);
  EXPECT_EQ(Find(snapshot, child.pid())->state, ProcessState::kZombie);
  EXPECT_EQ(Find(snapshot, child.pid())->arguments, "");
}

// Sets the soft limit on open files for the life of the object.
class OpenFileLimit {
 public:
  explicit OpenFileLimit(rlim_t soft) {
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit lower = {.rlim_cur = soft, .rlim_max = before_.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  ~OpenFileLimit() { CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  OpenFileLimit(const OpenFileLimit&) = delete;
  OpenFileLimit& operator=(const OpenFileLimit&) = delete;

 private:
  rlimit before_{};
};

std::vector<std::unique_ptr<Child>> MakeChildren(int count) {
  std::vector<std::unique_ptr<Child>> children;
  children.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) children.push_back(std::make_unique<Child>());
  return children;
}

void ExpectAll(const ProcessSnapshot& snapshot,
               const std::vector<std::unique_ptr<Child>>& children) {
  for (const std::unique_ptr<Child>& child : children) {
    const Process* const process = Find(snapshot, child->pid());
    ASSERT_NE(process, nullptr);
    EXPECT_FALSE(process->arguments.empty());
    EXPECT_FALSE(process->user.empty());
    EXPECT_GE(process->storage_read_bytes, 0);
  }
}

TEST(ProcFileCacheTest, ReadsProcessesBeyondTheLimitsWithoutTheCache) {
  const std::vector<std::unique_ptr<Child>> children = MakeChildren(40);
  {
    const std::unique_ptr<ProcessLister> lister =
        MakeLister({.max_kept_descriptors = 50});
    for (int i = 0; i < 3; ++i) {
      ExpectAll(List(*lister), children);
      EXPECT_EQ(lister->kept_descriptors(), 50);
    }
  }
  const OpenFileLimit limit(200);
  constexpr int kFirstOfOthers = 160;
  const size_t of_others = OpenDescriptors(kFirstOfOthers);
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  for (int i = 0; i < 3; ++i) {
    ExpectAll(List(*lister), children);
    EXPECT_GT(lister->kept_descriptors(), 0);
    EXPECT_EQ(OpenDescriptors(kFirstOfOthers), of_others);
  }
}

TEST(ProcFileCacheTest, IsClearedWhenDescriptorsRunOut) {
  const std::vector<std::unique_ptr<Child>> children = MakeChildren(20);
  const OpenFileLimit limit(200);
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  List(*lister);
  ASSERT_GT(lister->kept_descriptors(), 0);
  // Take all other descriptors; one more process needs some.
  const Child late;
  std::vector<base::UniqueFd> taken;
  for (int fd = dup(STDIN_FILENO); fd >= 0; fd = dup(STDIN_FILENO)) {
    taken.emplace_back(fd);
  }
  ASSERT_EQ(errno, EMFILE);
  const ProcessSnapshot snapshot = List(*lister);
  ExpectAll(snapshot, children);
  EXPECT_NE(Find(snapshot, late.pid()), nullptr);
  EXPECT_EQ(lister->kept_descriptors(), 0);
}

// Lists of chosen processes do not use the cache, and must not fail because of
// it.
TEST(ProcFileCacheTest, IsClearedForAListOfOneProcess) {
  const OpenFileLimit limit(200);
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  for (const ProcessQuery& query :
       {ProcessQuery{.pids = {{getpid()}}}, ProcessQuery{.limit = 1}}) {
    List(*lister);
    ASSERT_GT(lister->kept_descriptors(), 0);
    std::vector<base::UniqueFd> taken;
    for (int fd = dup(STDIN_FILENO); fd >= 0; fd = dup(STDIN_FILENO)) {
      taken.emplace_back(fd);
    }
    const absl::StatusOr<ProcessSnapshot> snapshot = lister->List(query);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_EQ(snapshot->processes().size(), 1u);
  }
}

TEST(ProcFileCacheTest, StaysEmptyWithALimitOfZero) {
  const std::unique_ptr<ProcessLister> lister =
      MakeLister({.max_kept_descriptors = 0});
  const size_t before = OpenDescriptors();
  List(*lister);
  EXPECT_EQ(lister->kept_descriptors(), 0);
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(ProcFileCacheTest, CloseKeptDescriptorsClearsIt) {
  const std::unique_ptr<ProcessLister> lister = MakeLister();
  const size_t before = OpenDescriptors();
  EXPECT_FALSE(lister->CloseKeptDescriptors());
  for (int round = 0; round < 2; ++round) {
    List(*lister);
    EXPECT_GT(lister->kept_descriptors(), 0);
    EXPECT_TRUE(lister->CloseKeptDescriptors());
    EXPECT_EQ(lister->kept_descriptors(), 0);
    EXPECT_EQ(OpenDescriptors(), before);
  }
}

TEST(ProcFileCacheTest, IsClearedWhenIdle) {
  const size_t before = OpenDescriptors();
  {
    const std::unique_ptr<ProcessLister> lister =
        MakeLister({.keep_for = absl::Milliseconds(1)});
    for (int round = 0; round < 3; ++round) {
      List(*lister);
      while (lister->kept_descriptors() > 0) std::this_thread::yield();
    }
    // The lister has one descriptor more, of the directory /proc.
    EXPECT_EQ(OpenDescriptors(), before + 1);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(ProcFileCacheTest, SeveralThreadsListConcurrently) {
  const std::vector<std::unique_ptr<Child>> children = MakeChildren(10);
  const std::unique_ptr<ProcessLister> lister =
      MakeLister({.keep_for = absl::Milliseconds(1)});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        ExpectAll(List(*lister), children);
        absl::StatusOr<ProcessSnapshot> one =
            lister->List({.pids = {{children[static_cast<size_t>(i)]->pid()}}});
        CHECK_OK(one);
        EXPECT_EQ(one->processes().size(), 1u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tallyman::platform
