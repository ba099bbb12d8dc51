#include "platform/base/idle_timer.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::base {
namespace {

TEST(IdleTimerTest, CallsAfterTheTimeout) {
  absl::Notification called;
  IdleTimer timer(absl::Milliseconds(1), [&called] { called.Notify(); });
  EXPECT_TRUE(timer.Restart());
  called.WaitForNotification();
  EXPECT_TRUE(timer.IsIdle());
}

TEST(IdleTimerTest, CallsOnceForEachRestart) {
  std::atomic<int> calls = 0;
  absl::Notification first;
  absl::Notification second;
  IdleTimer timer(absl::Milliseconds(1), [&] {
    // A third call would notify twice, which dies.
    (++calls == 1 ? first : second).Notify();
  });
  EXPECT_TRUE(timer.Restart());
  first.WaitForNotification();
  EXPECT_TRUE(timer.Restart());
  second.WaitForNotification();
  EXPECT_EQ(calls, 2);
}

TEST(IdleTimerTest, ACallMayRestartTheTimer) {
  absl::Notification second;
  int calls = 0;  // Only the timer's thread uses it.
  IdleTimer* restarted = nullptr;
  IdleTimer timer(absl::Milliseconds(1), [&] {
    if (++calls == 1) {
      EXPECT_TRUE(restarted->Restart());
    } else {
      second.Notify();
    }
  });
  restarted = &timer;
  EXPECT_TRUE(timer.Restart());
  second.WaitForNotification();
}

TEST(IdleTimerTest, DoesNotCallBeforeTheTimeout) {
  bool called = false;
  {
    IdleTimer timer(absl::Hours(1), [&called] { called = true; });
    EXPECT_TRUE(timer.Restart());
    EXPECT_FALSE(timer.IsIdle());
    EXPECT_TRUE(timer.Restart());
  }
  EXPECT_FALSE(called);
}

TEST(IdleTimerTest, NeedsNoRestart) {
  IdleTimer timer(absl::ZeroDuration(), [] { FAIL(); });
}

}  // namespace
}  // namespace tallyman::base
