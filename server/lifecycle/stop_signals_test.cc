#include "server/lifecycle/stop_signals.h"

#include <unistd.h>

#include <csignal>
#include <initializer_list>
#include <utility>

#include "absl/log/check.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"

namespace tallyman::server {
namespace {

constexpr absl::Duration kNever = absl::Hours(24);
constexpr absl::Duration kAtOnce = absl::Milliseconds(1);

// For a child that ends by itself, however slow the machine is.
constexpr StopSignals::Limits kPatient = {.stop = kNever, .give_up = kNever};

// Exit codes of the child of a death test; StopSignals itself exits with 0.
constexpr int kWritten = 7;

void HangForever() { absl::Notification().WaitForNotification(); }

// Sends `signals` to this process, whose stop takes `stop` and `give_up`, and
// waits for its end.
void RunUntilEnd(StopSignals::Callbacks callbacks, StopSignals::Limits limits,
                 std::initializer_list<int> signals) {
  StopSignals::Block();
  base::EventLoop loop;
  const auto stop_signals =
      StopSignals::Watch(loop, std::move(callbacks), limits);
  CHECK_OK(stop_signals);
  const base::LoopThread thread(loop);
  // Two signals of the same number could arrive as one.
  for (const int signal : signals) CHECK_EQ(kill(getpid(), signal), 0);
  HangForever();
}

class StopSignalsDeathTest : public testing::Test {
 protected:
  StopSignalsDeathTest() {
    // The child must block the signals before it has a second thread.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(StopSignalsDeathTest, TheFirstSignalStops) {
  for (const int signal : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(RunUntilEnd({.stop = [] { _exit(kWritten); },
                             .give_up = [] { _exit(1); }},
                            kPatient, {signal}),
                testing::ExitedWithCode(kWritten), "");
  }
}

TEST_F(StopSignalsDeathTest, ASecondSignalEndsAStopThatHangs) {
  EXPECT_EXIT(RunUntilEnd({.stop = HangForever, .give_up = [] {}}, kPatient,
                          {SIGTERM, SIGINT}),
              testing::ExitedWithCode(0), "");
}

TEST_F(StopSignalsDeathTest, TheDeadlineEndsAStopThatHangs) {
  EXPECT_EXIT(RunUntilEnd({.stop = HangForever, .give_up = [] {}},
                          {.stop = kAtOnce, .give_up = kNever}, {SIGTERM}),
              testing::ExitedWithCode(0), "");
}

TEST_F(StopSignalsDeathTest, GivingUpRunsTheCallbackBeforeTheEnd) {
  EXPECT_EXIT(RunUntilEnd({.stop = [] {}, .give_up = [] { _exit(kWritten); }},
                          kPatient, {SIGTERM, SIGINT}),
              testing::ExitedWithCode(kWritten), "");
}

TEST_F(StopSignalsDeathTest, GivingUpDoesNotWaitForACallbackThatHangs) {
  EXPECT_EXIT(
      RunUntilEnd({.stop = [] {}, .give_up = HangForever},
                  {.stop = kNever, .give_up = kAtOnce}, {SIGTERM, SIGINT}),
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tallyman::server
