// The lister with real processes, which the test starts and ends itself.

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
#include "platform/base/unique_fd.h"
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
  Pipe() {
    int ends[2];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end = base::UniqueFd(ends[0]);
    write_end = base::UniqueFd(ends[1]);
  }

  base::UniqueFd read_end;
  base::UniqueFd write_end;
};

// A forked child that runs `prepare`, reports that it is ready, and ends when
// the object is destroyed. `prepare` runs in a fork of a process with threads,
// where only system calls are safe.
class Child {
 public:
  explicit Child(const std::function<void()>& prepare) {
    pid_ = fork();
    CHECK_GE(pid_, 0);
    if (pid_ == 0) {
      release_.write_end.reset();
      prepare();
      char byte = 0;
      if (write(ready_.write_end.get(), &byte, 1) != 1) _exit(1);
      if (read(release_.read_end.get(), &byte, 1) != 0) _exit(1);
      _exit(0);
    }
    ready_.write_end.reset();
    release_.read_end.reset();
    char byte = 0;
    CHECK_EQ(read(ready_.read_end.get(), &byte, 1), 1);
  }
  ~Child() {
    release_.write_end.reset();
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
  // With one thread the lister reads in this thread, so the process is running.
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

TEST(ProcessListerLiveTest, ReadsAnAwkwardName) {
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
  // The addresses of this process's arguments: fields 48 and 49 of
  // proc_pid_stat(5). Field 3 is the first after the name.
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
  posix_spawn_file_actions_adddup2(&actions, input.read_end.get(),
                                   STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.write_end.get(),
                                   STDOUT_FILENO);
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
  // posix_spawn returns in the middle of the child's execve(2), when the child
  // has no arguments yet. Its output comes later.
  char byte = 0;
  ASSERT_EQ(read(output.read_end.get(), &byte, 1), 1);
  {
    const ProcessSnapshot snapshot = List();
    const Process* const process = Find(snapshot, pid);
    ASSERT_NE(process, nullptr);
    EXPECT_EQ(CommandLine(*process),
              absl::StrCat("sh -c echo; read line sh ", argument, "  ",
                           argument, " ", argument));
  }
  input.write_end.reset();
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
    (void)!read(release.read_end.get(), &byte, 1);
  });
  thread_id.wait(0);
  const ProcessSnapshot snapshot =
      List({.pids = {{getpid(), thread_id.load()}}});
  ASSERT_EQ(snapshot.processes().size(), 1u);
  EXPECT_EQ(snapshot.processes()[0].pid, getpid());
  EXPECT_GE(snapshot.processes()[0].num_threads, 2);
  release.write_end.reset();
  thread.join();
}

// The value does not depend on the file that it is read from.
TEST(ProcessListerLiveTest, AFieldHasTheSameValueInEveryList) {
  const Child child([] {});
  // A stopped process does not grow.
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

TEST(ProcessListerLiveTest, ALimitedListIsTheBeginningOfTheWholeList) {
  const Child child([] {});
  for (const size_t limit : {size_t{1}, size_t{2}, size_t{255}, size_t{256}}) {
    const ProcessSnapshot before = List();
    const std::vector<int32_t> first = Pids(List({.limit = limit}));
    const ProcessSnapshot after = List();
    EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
    EXPECT_LE(first.size(), limit);
    // Only processes that existed all the time must be listed.
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

// Children start and end while the lister reads.
TEST(ProcessListerLiveTest, NoProcessIsHalfFilledWhileOthersVanish) {
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
      // A process that ends gives up its address space first, and with it the
      // arguments and the memory.
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
