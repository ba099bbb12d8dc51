#include "server/http/worker_pool.h"

#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/barrier.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;

// System calls of pthread_create(3), failing as at a limit on threads.
const std::vector<platform::RefusedCall>& NoThreads() {
  static const auto& calls = *new std::vector<platform::RefusedCall>{
      {.number = SYS_clone3, .error = EAGAIN},
      {.number = SYS_clone, .error = EAGAIN}};
  return calls;
}

TEST(WorkerPoolTest, JobsThatWaitForOneAnotherAllRun) {
  constexpr int kJobs = 8;
  WorkerPool pool({.max_threads = kJobs, .max_waiting = 0});
  auto* const all_run = new absl::Barrier(kJobs);
  absl::BlockingCounter done(kJobs);
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(pool.Add([&] {
      if (all_run->Block()) delete all_run;
      done.DecrementCount();
    }));
  }
  done.Wait();
}

// One thread, whose job waits for Finish().
class BusyPool {
 public:
  explicit BusyPool(WorkerPool::Options options) : pool_(std::move(options)) {
    EXPECT_TRUE(pool_.Add([this] {
      started_.Notify();
      go_on_.WaitForNotification();
    }));
    started_.WaitForNotification();
  }

  bool Add() {
    return pool_.Add([this] { ++ran_; });
  }

  // Ends the first job and the pool; returns how many others ran.
  int Finish() {
    go_on_.Notify();
    pool_.Shutdown();
    return ran_;
  }

 private:
  absl::Notification started_;
  absl::Notification go_on_;
  std::atomic<int> ran_ = 0;
  WorkerPool pool_;
};

TEST(WorkerPoolTest, QueuesUpToTheLimitBeyondTheThreads) {
  BusyPool pool({.max_threads = 1, .max_waiting = 2});
  EXPECT_TRUE(pool.Add());
  EXPECT_TRUE(pool.Add());
  EXPECT_FALSE(pool.Add());
  EXPECT_EQ(pool.Finish(), 2);
}

TEST(WorkerPoolTest, QueuesUpToTheLimitIfNoThreadCanBeStarted) {
  BusyPool pool({.max_threads = 8, .max_waiting = 2});
  if (!platform::RunThreadRefusing(NoThreads(), [&] {
        EXPECT_TRUE(pool.Add());
        EXPECT_TRUE(pool.Add());
        EXPECT_FALSE(pool.Add());
      })) {
    GTEST_SKIP() << "seccomp(2) is not allowed here";
  }
  EXPECT_EQ(pool.Finish(), 2);
}

TEST(WorkerPoolTest, RefusesIfThereIsNoThreadAtAll) {
  std::vector<absl::StatusCode> reasons;
  WorkerPool pool({.max_threads = 8,
                   .max_waiting = 2,
                   .on_refusing = [&](const absl::Status& reason) {
                     reasons.push_back(reason.code());
                   }});
  if (!platform::RunThreadRefusing(NoThreads(), [&] {
        EXPECT_FALSE(pool.Add([] {}));
        EXPECT_FALSE(pool.Add([] {}));
      })) {
    GTEST_SKIP() << "seccomp(2) is not allowed here";
  }
  EXPECT_THAT(reasons, ElementsAre(absl::StatusCode::kUnavailable));
  absl::Notification ran;
  EXPECT_TRUE(pool.Add([&] { ran.Notify(); }));
  ran.WaitForNotification();
}

TEST(WorkerPoolTest, ReportsOnceThatItRefuses) {
  std::vector<absl::StatusCode> reasons;
  WorkerPool pool({.max_threads = 1,
                   .max_waiting = 1,
                   .on_refusing = [&](const absl::Status& reason) {
                     reasons.push_back(reason.code());
                   }});
  for (int i = 1; i <= 2; ++i) {
    absl::Notification started;
    absl::Notification go_on;
    absl::Notification done;
    // The thread may still be busy with the last job of the round before.
    while (!pool.Add([&] {
      started.Notify();
      go_on.WaitForNotification();
    })) {
    }
    started.WaitForNotification();
    EXPECT_TRUE(pool.Add([&] { done.Notify(); }));
    EXPECT_FALSE(pool.Add([] {}));
    EXPECT_FALSE(pool.Add([] {}));
    EXPECT_EQ(reasons.size(), static_cast<size_t>(i));
    go_on.Notify();
    done.WaitForNotification();
  }
  EXPECT_THAT(reasons, ElementsAre(absl::StatusCode::kResourceExhausted,
                                   absl::StatusCode::kResourceExhausted));
}

TEST(WorkerPoolTest, DestroysARefusedJob) {
  WorkerPool pool({.max_threads = 1, .max_waiting = 0});
  pool.Shutdown();
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  EXPECT_FALSE(pool.Add([owned = std::move(owned)] {}));
  EXPECT_TRUE(watched.expired());
}

TEST(WorkerPoolTest, RefusesAfterShutdown) {
  WorkerPool pool({.max_threads = 2, .max_waiting = 2});
  pool.Shutdown();
  EXPECT_FALSE(pool.Add([] {}));
}

TEST(WorkerPoolTest, ReusesAnIdleThread) {
  WorkerPool pool({.max_threads = 1, .max_waiting = 0});
  for (int i = 0; i < 100; ++i) {
    absl::Notification done;
    // The thread may not be idle again yet, and no job may wait.
    while (!pool.Add([&] { done.Notify(); })) {
    }
    done.WaitForNotification();
  }
}

}  // namespace
}  // namespace tallyman::server
