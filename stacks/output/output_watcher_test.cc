#include "stacks/output/output_watcher.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/model/instance_key.h"
#include "stacks/output/output_log.h"
#include "stacks/output/output_times.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

InstanceKey Key(std::string process, int64_t number = 1) {
  return {.stack_uid = "5f0c", .process = std::move(process), .number = number};
}

const std::string& LargeOutput() {
  static const auto* const kLargeOutput = new std::string(10000, 'x');
  return *kLargeOutput;
}

// A number below /proc/sys; the largest int64_t if it can't be read.
int64_t ReadLimit(std::string_view name) {
  std::ifstream file(absl::StrCat("/proc/sys/", name));
  int64_t limit = 0;
  return file >> limit ? limit : std::numeric_limits<int64_t>::max();
}

// Records the callbacks of a watcher.
class CallbackRecorder {
 public:
  void OnRotated(const InstanceKey& key) {
    absl::MutexLock lock(&mutex_);
    ++rotated_[key];
    thread_id_ = gettid();
  }
  void OnError(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    errors_.push_back(status);
  }

  // Waits until `key` was rotated `times` times in all.
  void AwaitRotated(const InstanceKey& key, int times = 1) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return rotated_[key] >= times;
    };
    mutex_.Await(absl::Condition(&enough));
  }
  absl::Status AwaitError() {
    absl::MutexLock lock(&mutex_);
    const auto any = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !errors_.empty();
    };
    mutex_.Await(absl::Condition(&any));
    return errors_.front();
  }
  int rotated(const InstanceKey& key) {
    absl::MutexLock lock(&mutex_);
    return rotated_[key];
  }
  std::vector<absl::Status> errors() {
    absl::MutexLock lock(&mutex_);
    return errors_;
  }
  // The thread that called OnRotated() last.
  pid_t thread_id() {
    absl::MutexLock lock(&mutex_);
    return thread_id_;
  }

 private:
  absl::Mutex mutex_;
  pid_t thread_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<InstanceKey, int> rotated_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(mutex_);
};

// How often a thread of this process has gone to sleep, proc_pid_status(5).
int64_t SleepCount(pid_t thread_id) {
  std::ifstream file(absl::StrCat("/proc/self/task/", thread_id, "/status"));
  std::string word;
  while (file >> word && word != "voluntary_ctxt_switches:") {
  }
  int64_t count = -1;
  file >> count;
  return count;
}

class OutputWatcherTest : public OutputLogTest {
 protected:
  void SetUp() override {
    Open({.max_bytes = 4096});
    Start(absl::Milliseconds(2));
  }

  void Start(absl::Duration interval) {
    watcher_.reset();
    auto watcher = OutputWatcher::Start(
        *logs_,
        {.interval = interval,
         .on_error =
             [this](const absl::Status& status) { callbacks_.OnError(status); },
         .on_rotated =
             [this](const InstanceKey& key) { callbacks_.OnRotated(key); }});
    ASSERT_TRUE(watcher.ok()) << watcher.status();
    watcher_ = *std::move(watcher);
  }

  // Returns when the thread has handled all earlier Add() calls.
  void Settle() {
    const InstanceKey key = Key("zz-settle", ++settled_);
    Write(Append(key), LargeOutput());
    watcher_->Add(key);
    callbacks_.AwaitRotated(key);
  }

  CallbackRecorder callbacks_;
  int64_t settled_ = 0;
  std::unique_ptr<OutputWatcher> watcher_;
};

TEST_F(OutputWatcherTest, AFileThatIsTooLargeWhenItIsAddedIsRotated) {
  Write(Append(Key("web")), LargeOutput());
  watcher_->Add(Key("web"));
  callbacks_.AwaitRotated(Key("web"));
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, AFileIsRotatedWheneverItHasGrown) {
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  watcher_->Add(Key("web"));
  for (int i = 1; i <= 5; ++i) {
    Write(fd, LargeOutput());
    callbacks_.AwaitRotated(Key("web"), i);
  }
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, ManySmallWritesAddUp) {
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  while (callbacks_.rotated(Key("web")) < 3) Write(fd, "a short line\n");
}

TEST_F(OutputWatcherTest, TheOutputOfARealChildIsRotated) {
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  posix_spawn_file_actions_t actions;
  ASSERT_EQ(posix_spawn_file_actions_init(&actions), 0);
  ASSERT_EQ(posix_spawn_file_actions_adddup2(&actions, fd.get(), 1), 0);
  // Its standard input: the child ends when the other end is closed.
  int stop[2];
  ASSERT_EQ(pipe2(stop, O_CLOEXEC), 0);
  base::UniqueFd read_end(stop[0]);
  base::UniqueFd write_end(stop[1]);
  ASSERT_EQ(posix_spawn_file_actions_adddup2(&actions, read_end.get(), 0), 0);
  std::string arguments[] = {
      "sh", "-c",
      "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo line $i; done; read x"};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                  nullptr};
  char* environment[] = {nullptr};
  pid_t child = 0;
  ASSERT_EQ(
      posix_spawn(&child, "/bin/sh", &actions, nullptr, argv, environment), 0);
  posix_spawn_file_actions_destroy(&actions);
  callbacks_.AwaitRotated(Key("web"));
  write_end.reset();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, NoFileIsCheckedAgainWithinTheInterval) {
  Start(absl::Hours(1));
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  // The first rotation changes a file itself. When the thread comes to the
  // second, it has seen that change and rests.
  Settle();
  Settle();
  Write(fd, LargeOutput());
  Settle();
  EXPECT_EQ(callbacks_.rotated(Key("web")), 0);
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, TheThreadSleepsHoweverMuchIsWritten) {
  Start(absl::Hours(1));
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  Settle();
  Settle();
  const int64_t before = SleepCount(callbacks_.thread_id());
  ASSERT_GT(before, 0);
  for (int i = 0; i < 10000; ++i) Write(fd, "x");
  // The thread may have been on its way to sleep.
  EXPECT_LE(SleepCount(callbacks_.thread_id()) - before, 3);
}

TEST_F(OutputWatcherTest, ARemovedFileIsLeftAlone) {
  const base::UniqueFd removed = Append(Key("removed"));
  const base::UniqueFd stays = Append(Key("stays"));
  watcher_->Add(Key("removed"));
  watcher_->Add(Key("stays"));
  Settle();
  watcher_->Remove(Key("removed"));
  watcher_->Remove(Key("removed"));
  watcher_->Remove(Key("never"));
  Write(removed, LargeOutput());
  for (int i = 1; i <= 3; ++i) {
    Write(stays, LargeOutput());
    callbacks_.AwaitRotated(Key("stays"), i);
  }
  EXPECT_EQ(callbacks_.rotated(Key("removed")), 0);
  // It can be added again.
  watcher_->Add(Key("removed"));
  callbacks_.AwaitRotated(Key("removed"));
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, AMissingFileIsAnError) {
  watcher_->Add(Key("none"));
  const absl::Status status = callbacks_.AwaitError();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.1.log"));
  // Once it is there it can be added.
  Write(Append(Key("none")), LargeOutput());
  watcher_->Add(Key("none"));
  callbacks_.AwaitRotated(Key("none"));
}

TEST_F(OutputWatcherTest, ARemovedStackIsForgotten) {
  const base::UniqueFd fd = Append(Key("web"));
  watcher_->Add(Key("web"));
  Settle();
  ASSERT_TRUE(logs_->RemoveStack("5f0c").ok());
  Write(fd, LargeOutput());
  Settle();
  EXPECT_EQ(callbacks_.rotated(Key("web")), 0);
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, AFileThatCanNotBeWatchedIsReportedAndRetried) {
  const std::string directory = absl::StrCat(root_, "/logs/77aa");
  const InstanceKey key = {.stack_uid = "77aa", .process = "web", .number = 1};
  const InstanceKey real = {.stack_uid = "77bb", .process = "web", .number = 1};
  Write(Append(real), LargeOutput());
  // A link to itself, then, in one step, to that directory.
  ASSERT_EQ(symlink("77aa", directory.c_str()), 0);
  watcher_->Add(key);
  EXPECT_THAT(std::string(callbacks_.AwaitError().message()),
              HasSubstr("77aa"));
  const std::string link = absl::StrCat(root_, "/link");
  ASSERT_EQ(symlink("77bb", link.c_str()), 0);
  ASSERT_EQ(rename(link.c_str(), directory.c_str()), 0);
  callbacks_.AwaitRotated(key);
}

TEST_F(OutputWatcherTest, AFailedRotationIsReportedAndRetriedWhenTheFileGrows) {
  const base::UniqueFd fd = Append(Key("web"));
  const std::string copy = absl::StrCat(logs_->Path(Key("web")), ".tmp");
  ASSERT_EQ(mkdir(copy.c_str(), 0700), 0);
  Write(fd, LargeOutput());
  watcher_->Add(Key("web"));
  EXPECT_THAT(std::string(callbacks_.AwaitError().message()), HasSubstr(copy));
  ASSERT_EQ(rmdir(copy.c_str()), 0);
  Write(fd, "x");
  callbacks_.AwaitRotated(Key("web"));
}

TEST_F(OutputWatcherTest, ManyFilesAreWatched) {
  std::vector<base::UniqueFd> fds;
  fds.reserve(30);
  for (int i = 1; i <= 30; ++i) {
    fds.push_back(Append(Key("web", i)));
    watcher_->Add(Key("web", i));
  }
  for (int round = 1; round <= 2; ++round) {
    for (const base::UniqueFd& fd : fds) Write(fd, LargeOutput());
    for (int i = 1; i <= 30; ++i) callbacks_.AwaitRotated(Key("web", i), round);
  }
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST_F(OutputWatcherTest, AnOverflowOfTheQueueLosesNoFile) {
  const int64_t limit = ReadLimit("fs/inotify/max_queued_events");
  if (limit > 20000 || ReadLimit("fs/inotify/max_user_watches") < limit ||
      ReadLimit("user/max_inotify_watches") < limit) {
    GTEST_SKIP() << "needs too many watches to overflow";
  }
  // The queue fills while the thread rests: two events a file.
  Start(absl::Seconds(1));
  const int64_t count = limit / 2 + 10;
  for (int64_t i = 1; i <= count; ++i) {
    Append(Key("web", i));
    watcher_->Add(Key("web", i));
  }
  const InstanceKey last = Key("zz-last");
  const base::UniqueFd fd = Append(last);
  watcher_->Add(last);
  Settle();
  const base::UniqueFd first = Append(Key("web", 1));
  Write(first, LargeOutput());
  callbacks_.AwaitRotated(Key("web", 1));
  for (int64_t i = 2; i <= count; ++i) Write(Append(Key("web", i)), "x");
  Write(fd, LargeOutput());
  callbacks_.AwaitRotated(last);
  EXPECT_THAT(callbacks_.errors(), IsEmpty());
}

TEST(OutputWatcherStartTest, AnIntervalMustBePositive) {
  const std::string root = testing::TempDir();
  auto logs = OutputLogs::Open(root, {});
  ASSERT_TRUE(logs.ok()) << logs.status();
  EXPECT_TRUE(absl::IsInvalidArgument(
      OutputWatcher::Start(*logs, {.interval = absl::ZeroDuration()})
          .status()));
}

// Also what a program writes right before the file is not watched any more.
TEST_F(OutputWatcherTest, MarksWhenFilesGrow) {
  const base::UniqueFd file = Append();
  Write(file, "old\n");
  const absl::Time before = absl::Now();
  watcher_->Add(kWeb);
  const auto await_mark = [this](int64_t end) {
    while (true) {
      const absl::StatusOr<std::vector<OutputTimeMark>> marks =
          LoadTimeMarks(path(), 0);
      if (marks.ok() && !marks->empty() && marks->back().end == end) {
        return marks->back().time;
      }
      sched_yield();
    }
  };
  const OutputTime old = await_mark(4);
  EXPECT_EQ(old.after, absl::InfinitePast());
  EXPECT_GE(old.seen, before - absl::Microseconds(1));
  Write(file, "new\n");
  const OutputTime written = await_mark(8);
  EXPECT_GE(written.after, old.seen);
  EXPECT_GE(written.seen, written.after);
  Write(file, "last\n");
  watcher_->Remove(kWeb);
  EXPECT_GE(await_mark(13).after, written.seen);
}

}  // namespace
}  // namespace tallyman::stacks
