// The lister on real processes, which the test starts and ends itself.

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/process.h"
#include "platform/process_lister.h"
#include "platform/testing/listing.h"

namespace tallyman::platform {
namespace {

using namespace std::string_view_literals;

const ProcessLister& Lister() {
  static const ProcessLister& lister = *[] {
    absl::StatusOr<std::unique_ptr<ProcessLister>> created =
        ProcessLister::Create({});
    CHECK_OK(created);
    return created->release();
  }();
  return lister;
}

ProcessSnapshot List(const ProcessQuery& query = {}) {
  absl::StatusOr<ProcessSnapshot> snapshot = Lister().List(query);
  CHECK_OK(snapshot);
  return *std::move(snapshot);
}

// A pipe whose ends close on exec.
struct Pipe {
  Pipe() { CHECK_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void CloseRead() { Close(ends[0]); }
  void CloseWrite() { Close(ends[1]); }

  int ends[2];

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

// A forked child that runs `prepare`, says that it is ready and waits for its
// end, which comes with the object. `prepare` runs in a fork of a process with
// threads: system calls only.
class Child {
 public:
  explicit Child(const std::function<void()>& prepare) {
    pid_ = fork();
    CHECK_GE(pid_, 0);
    if (pid_ == 0) {
      release_.CloseWrite();
      prepare();
      char byte = 0;
      if (write(ready_.ends[1], &byte, 1) != 1) _exit(1);
      if (read(release_.ends[0], &byte, 1) != 0) _exit(1);
      _exit(0);
    }
    ready_.CloseWrite();
    release_.CloseRead();
    char byte = 0;
    CHECK_EQ(read(ready_.ends[0], &byte, 1), 1);
  }
  ~Child() {
    release_.CloseWrite();
    int status = 0;
    CHECK_EQ(waitpid(pid_, &status, 0), pid_);
    CHECK_EQ(status, 0);
  }

  pid_t pid() const { return pid_; }

 private:
  Pipe ready_;
  Pipe release_;
  pid_t pid_;
};

TEST(ProcessListerLiveTest, FindsItself) {
  // This thread alone reads, and so it runs.
  const ProcessSnapshot snapshot = ListAt("/proc", {}, /*max_threads=*/1);
  const Process* const self = Find(snapshot, getpid());
  ASSERT_NE(self, nullptr);
  EXPECT_EQ(self->parent_pid, getppid());
  EXPECT_EQ(self->state, ProcessState::kRunning);
  EXPECT_GE(self->num_threads, 1);
  EXPECT_GT(self->resident_bytes, 0);
  EXPECT_GE(self->peak_resident_bytes, self->resident_bytes);
  EXPECT_GE(self->virtual_bytes, self->resident_bytes);
  EXPECT_GE(self->storage_read_bytes, 0);
  EXPECT_GE(self->storage_written_bytes, 0);
  EXPECT_GE(self->cpu_time, absl::ZeroDuration());
  EXPECT_FALSE(self->user.empty());
  EXPECT_GE(snapshot.taken_at() + absl::Seconds(2), self->start_time);
  EXPECT_GT(self->start_time, absl::UnixEpoch());
}

TEST(ProcessListerLiveTest, ReadsAnAwkwardNameAsItIs) {
  constexpr std::string_view kName = "a) R (b\n\\\xff";
  const Child child([kName] { prctl(PR_SET_NAME, kName.data()); });
  const ProcessSnapshot snapshot = List();
  const Process* const process = Find(snapshot, child.pid());
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->name, kName);
  EXPECT_EQ(process->parent_pid, getpid());
  EXPECT_NE(process->start_ticks, -1);
}

TEST(ProcessListerLiveTest, ReadsARewrittenTitle) {
  // Where the arguments of this process lie, as the kernel sees it: fields 48
  // and 49 of proc_pid_stat(5), counted from behind the name.
  std::ifstream file("/proc/self/stat");
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(stat.rfind(')') + 2), ' ');
  auto* const begin = reinterpret_cast<char*>(
      std::strtoull(fields[48 - 3].c_str(), nullptr, 10));
  auto* const end = reinterpret_cast<char*>(
      std::strtoull(fields[49 - 3].c_str(), nullptr, 10));
  constexpr std::string_view kTitle = "p: idle";
  ASSERT_GT(end - begin, static_cast<ptrdiff_t>(kTitle.size()));
  const Child child([=] {
    std::memset(begin, 0, end - begin);
    std::memcpy(begin, kTitle.data(), kTitle.size());
  });
  const ProcessSnapshot snapshot = List();
  const Process* const process = Find(snapshot, child.pid());
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(CommandLine(*process), kTitle);
}

TEST(ProcessListerLiveTest, ReadsArgumentsBeyond128KiB) {
  const std::string argument(size_t{100} << 10, 'x');
  Pipe input;
  Pipe output;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.ends[1], STDOUT_FILENO);
  std::vector<std::string> arguments = {
      "sh", "-c", "echo; read line", "sh", argument, "", argument, argument};
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  ASSERT_EQ(
      posix_spawn(&pid, "/bin/sh", &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  // posix_spawn returns in the middle of the child's execve(2), when it has no
  // arguments yet; a line from it comes after that.
  char byte = 0;
  ASSERT_EQ(read(output.ends[0], &byte, 1), 1);
  {
    const ProcessSnapshot snapshot = List();
    const Process* const process = Find(snapshot, pid);
    ASSERT_NE(process, nullptr);
    EXPECT_EQ(CommandLine(*process),
              absl::StrCat("sh -c echo; read line sh ", argument, "  ",
                           argument, " ", argument));
  }
  input.CloseWrite();
  EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
}

TEST(ProcessListerLiveTest, ShowsAZombieUntilItIsReaped) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
  {
    const ProcessSnapshot snapshot = List();
    const Process* const zombie = Find(snapshot, pid);
    ASSERT_NE(zombie, nullptr);
    EXPECT_EQ(zombie->state, ProcessState::kZombie);
    EXPECT_EQ(zombie->arguments, "");
    EXPECT_EQ(zombie->resident_bytes, 0);
    EXPECT_EQ(zombie->peak_resident_bytes, 0);
  }
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  EXPECT_EQ(Find(List(), pid), nullptr);
}

TEST(ProcessListerLiveTest, ListsAChosenProcessButNoThread) {
  Pipe release;
  std::atomic<pid_t> thread_id = 0;
  std::thread thread([&] {
    thread_id = gettid();
    thread_id.notify_one();
    char byte = 0;
    (void)!read(release.ends[0], &byte, 1);
  });
  thread_id.wait(0);
  const ProcessSnapshot snapshot =
      List({.pids = {{getpid(), thread_id.load()}}});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].pid, getpid());
  EXPECT_GE(snapshot.processes()[0].num_threads, 2);
  release.CloseWrite();
  thread.join();
}

// Whatever else is asked for, and whichever file that is in.
TEST(ProcessListerLiveTest, AFieldHasTheSameValueInEveryList) {
  const Child child([] {});
  // What is stopped does not grow.
  ASSERT_EQ(kill(child.pid(), SIGSTOP), 0);
  ASSERT_EQ(waitpid(child.pid(), nullptr, WUNTRACED), child.pid());
  const ProcessSnapshot all = List();
  const Process* const whole = Find(all, child.pid());
  ASSERT_NE(whole, nullptr);
  const ProcessFields memory =
      ProcessField::kResidentBytes | ProcessField::kVirtualBytes;
  for (const ProcessFields fields :
       {memory, memory | ProcessField::kName, memory | ProcessField::kCpuTime,
        memory | ProcessField::kUser, memory | ProcessField::kArguments}) {
    const ProcessSnapshot snapshot = List({.fields = fields});
    const Process* const process = Find(snapshot, child.pid());
    ASSERT_NE(process, nullptr);
    EXPECT_EQ(process->resident_bytes, whole->resident_bytes);
    EXPECT_EQ(process->virtual_bytes, whole->virtual_bytes);
  }
  ASSERT_EQ(kill(child.pid(), SIGCONT), 0);
}

TEST(ProcessListerLiveTest, TheFirstOnesAreTheFirstOfAll) {
  const Child child([] {});
  for (const size_t limit : {size_t{1}, size_t{2}, size_t{255}, size_t{256}}) {
    const ProcessSnapshot before = List();
    const std::vector<int32_t> first = Pids(List({.limit = limit}));
    const ProcessSnapshot after = List();
    EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
    EXPECT_LE(first.size(), limit);
    // Others may come and go meanwhile; these were there all the time.
    for (const Process& process : before.processes()) {
      const Process* const same = Find(after, process.pid);
      if (same == nullptr || same->start_ticks != process.start_ticks) continue;
      const bool is_beyond =
          first.size() == limit && process.pid > first.back();
      EXPECT_EQ(std::binary_search(first.begin(), first.end(), process.pid),
                !is_beyond)
          << process.pid;
    }
  }
}

// Children come and go while lists are made: what is listed is whole.
TEST(ProcessListerLiveTest, NothingIsHalfFilledWhileProcessesVanish) {
  std::atomic<bool> done = false;
  std::thread churn([&done] {
    for (int i = 0; i < 300; ++i) {
      const pid_t pid = fork();
      CHECK_GE(pid, 0);
      if (pid == 0) _exit(0);
      CHECK_EQ(waitpid(pid, nullptr, 0), pid);
    }
    done = true;
  });
  do {
    const ProcessSnapshot snapshot = List();
    ASSERT_NE(Find(snapshot, getpid()), nullptr);
    for (const Process& process : snapshot.processes()) {
      if (process.parent_pid != getpid()) continue;
      EXPECT_FALSE(process.name.empty());
      EXPECT_FALSE(process.user.empty());
      EXPECT_NE(process.start_ticks, -1);
      // Who is ending gives up the address space first, and the arguments and
      // the memory with it.
      const bool is_ending = process.virtual_bytes == 0;
      EXPECT_EQ(process.arguments.empty(), is_ending) << process.pid;
      EXPECT_EQ(process.resident_bytes == 0, is_ending) << process.pid;
      if (process.state == ProcessState::kZombie) {
        EXPECT_TRUE(is_ending);
      }
    }
  } while (!done);
  churn.join();
}

}  // namespace
}  // namespace tallyman::platform
