#include "server/http/worker_pool.h"

#include <atomic>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

TEST(WorkerPoolTest, JobsThatWaitForOneAnotherAllRun) {
  constexpr int kJobs = 8;
  WorkerPool pool(kJobs, 0);
  auto* const all_here = new absl::Barrier(kJobs);
  absl::BlockingCounter done(kJobs);
  for (int i = 0; i < kJobs; ++i) {
    ASSERT_TRUE(pool.Add([&] {
      if (all_here->Block()) delete all_here;
      done.DecrementCount();
    }));
  }
  done.Wait();
}

TEST(WorkerPoolTest, MoreJobsThanThreadsWaitTheirTurn) {
  WorkerPool pool(1, 2);
  absl::Notification started;
  absl::Notification go_on;
  std::atomic<int> ran = 0;
  ASSERT_TRUE(pool.Add([&] {
    started.Notify();
    go_on.WaitForNotification();
    ++ran;
  }));
  started.WaitForNotification();
  EXPECT_TRUE(pool.Add([&] { ++ran; }));
  EXPECT_TRUE(pool.Add([&] { ++ran; }));
  EXPECT_FALSE(pool.Add([&] { ++ran; }));  // The queue is full.
  go_on.Notify();
  pool.Shutdown();
  EXPECT_EQ(ran, 3);
}

TEST(WorkerPoolTest, TakesNothingAfterTheEnd) {
  WorkerPool pool(2, 2);
  pool.Shutdown();
  EXPECT_FALSE(pool.Add([] {}));
}

TEST(WorkerPoolTest, AnIdleThreadIsUsedAgain) {
  WorkerPool pool(1, 0);
  for (int i = 0; i < 100; ++i) {
    absl::Notification done;
    // The thread may not have come back to wait yet, and nothing may queue.
    while (!pool.Add([&] { done.Notify(); })) {
    }
    done.WaitForNotification();
  }
}

}  // namespace
}  // namespace tallyman::server
