#include "platform/base/write_behind.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

// Counts writes, and lets a test wait for them.
class Writes {
 public:
  void Add() {
    absl::MutexLock lock(&mutex_);
    ++count_;
  }
  int count() {
    absl::MutexLock lock(&mutex_);
    return count_;
  }
  void AwaitAtLeast(int count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return count_ >= count;
    };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(WriteBehindTest, DoesNothingWithoutANotification) {
  Writes writes;
  {
    WriteBehind writer(absl::ZeroDuration(), [&] { writes.Add(); });
  }
  EXPECT_EQ(writes.count(), 0);
}

TEST(WriteBehindTest, WritesSoonAfterEachNotification) {
  Writes writes;
  WriteBehind writer(absl::ZeroDuration(), [&] { writes.Add(); });
  for (int i = 1; i <= 3; ++i) {
    writer.Notify();
    writes.AwaitAtLeast(i);
  }
}

TEST(WriteBehindTest, WritesOnceForAllNotificationsOfAnInterval) {
  Writes writes;
  {
    WriteBehind writer(absl::InfiniteDuration(), [&] { writes.Add(); });
    writer.Notify();
    writes.AwaitAtLeast(1);
    for (int i = 0; i < 100; ++i) writer.Notify();
    EXPECT_EQ(writes.count(), 1);
  }
  EXPECT_EQ(writes.count(), 2);  // The destructor writes the rest.
}

TEST(WriteBehindTest, NoChangeIsLost) {
  // Threads increment `changed`; a write copies it to `seen`.
  std::atomic<int> changed = 0;
  std::atomic<int> seen = 0;
  {
    WriteBehind writer(absl::ZeroDuration(), [&] { seen = changed.load(); });
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 2000; ++j) {
          ++changed;
          writer.Notify();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(seen, 8000);
}

}  // namespace
}  // namespace tallyman::base
