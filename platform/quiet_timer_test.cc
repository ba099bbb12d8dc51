#include "platform/quiet_timer.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace tallyman::platform {
namespace {

TEST(QuietTimerTest, CallsOnceItIsQuiet) {
  absl::Notification called;
  QuietTimer timer(absl::Milliseconds(1), [&called] { called.Notify(); });
  EXPECT_TRUE(timer.Restart());
  called.WaitForNotification();
  EXPECT_TRUE(timer.IsQuiet());
}

TEST(QuietTimerTest, CallsOnceForEachTimeThatItIsQuiet) {
  std::atomic<int> calls = 0;
  absl::Notification first;
  absl::Notification second;
  QuietTimer timer(absl::Milliseconds(1), [&] {
    // A third one would end the test.
    (++calls == 1 ? first : second).Notify();
  });
  EXPECT_TRUE(timer.Restart());
  first.WaitForNotification();
  EXPECT_TRUE(timer.Restart());
  second.WaitForNotification();
  EXPECT_EQ(calls, 2);
}

TEST(QuietTimerTest, ACallMayRestartIt) {
  absl::Notification second;
  int calls = 0;  // Of one thread.
  QuietTimer* restarted = nullptr;
  QuietTimer timer(absl::Milliseconds(1), [&] {
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

TEST(QuietTimerTest, DoesNotCallBeforeItIsQuiet) {
  bool called = false;
  {
    QuietTimer timer(absl::Hours(1), [&called] { called = true; });
    EXPECT_TRUE(timer.Restart());
    EXPECT_FALSE(timer.IsQuiet());
    EXPECT_TRUE(timer.Restart());
  }
  EXPECT_FALSE(called);
}

TEST(QuietTimerTest, EndsWithoutEverBeingStarted) {
  QuietTimer timer(absl::ZeroDuration(), [] { FAIL(); });
}

}  // namespace
}  // namespace tallyman::platform
