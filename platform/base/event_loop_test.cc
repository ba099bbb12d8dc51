#include "platform/base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::base {
namespace {

using ::testing::ElementsAre;

UniqueFd ReadyFd() {
  UniqueFd fd(eventfd(1, EFD_CLOEXEC));
  CHECK(fd.valid());
  return fd;
}

TEST(EventLoopTest, CallsBackWhenADescriptorIsReady) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  uint32_t seen = 0;
  const auto watch =
      loop.WatchFd(fd.get(), EPOLLIN, [&](uint32_t events) { seen = events; });
  loop.RunOnce();
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLIN));
}

TEST(EventLoopTest, TimersRunInTheirOrder) {
  EventLoop loop;
  std::vector<int> order;
  const auto second =
      loop.RunAfter(absl::ZeroDuration(), [&] { order.push_back(2); });
  const auto first =
      loop.RunAfter(-absl::Hours(1), [&] { order.push_back(1); });
  while (order.size() < 2) loop.RunOnce();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(EventLoopTest, ManyTimersDoNotDelayADescriptor) {
  constexpr int kTimers = 1000;
  EventLoop loop;
  const UniqueFd fd(eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(fd.valid());
  int timers = 0;
  int timers_before_event = -1;
  const auto watch = loop.WatchFd(fd.get(), EPOLLIN | EPOLLET, [&](uint32_t) {
    timers_before_event = timers;
  });
  std::vector<EventLoop::Registration> registrations;
  for (int i = 0; i < kTimers; ++i) {
    registrations.push_back(loop.RunAfter(-absl::Hours(1), [&] {
      if (timers++ == 0) CHECK_EQ(eventfd_write(fd.get(), 1), 0);
    }));
  }
  while (timers < kTimers) loop.RunOnce();
  EXPECT_GT(timers_before_event, 0);
  EXPECT_LT(timers_before_event, 100);
}

TEST(EventLoopTest, DroppedCallbacksAreNotCalled) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  int calls = 0;
  auto watch = loop.WatchFd(fd.get(), EPOLLIN, [&](uint32_t) { ++calls; });
  auto timer = loop.RunAfter(absl::ZeroDuration(), [&] { ++calls; });
  watch.reset();
  timer.reset();
  loop.Wake();
  loop.RunOnce();
  EXPECT_EQ(calls, 0);
}

TEST(EventLoopTest, ACallbackMayDropItselfAndOthers) {
  EventLoop loop;
  const UniqueFd a = ReadyFd();
  const UniqueFd b = ReadyFd();
  int calls = 0;
  EventLoop::Registration first;
  EventLoop::Registration second;
  const auto drop_both = [&](uint32_t) {
    ++calls;
    first.reset();
    second.reset();
  };
  first = loop.WatchFd(a.get(), EPOLLIN, drop_both);
  second = loop.WatchFd(b.get(), EPOLLIN, drop_both);
  loop.RunOnce();
  EXPECT_EQ(calls, 1);
  // The descriptor can be registered again.
  first = loop.WatchFd(a.get(), EPOLLIN, [&](uint32_t) { calls = 10; });
  loop.RunOnce();
  EXPECT_EQ(calls, 10);
}

TEST(EventLoopTest, ATimerMayRestartItself) {
  EventLoop loop;
  int calls = 0;
  EventLoop::Registration timer;
  std::function<void()> again = [&] {
    if (++calls < 3) timer = loop.RunAfter(absl::ZeroDuration(), again);
  };
  timer = loop.RunAfter(absl::ZeroDuration(), again);
  while (calls < 3) loop.RunOnce();
  EXPECT_EQ(calls, 3);
}

TEST(EventLoopTest, AnotherThreadCanWakeTheLoop) {
  EventLoop loop;
  std::thread other([&] { loop.Wake(); });
  loop.RunOnce();  // Hangs without the wake-up.
  other.join();
}

TEST(EventLoopTest, SignalsCallBack) {
  const std::array<int, 2> signals = {SIGUSR1, SIGUSR2};
  EventLoop::BlockSignals(signals);
  EventLoop loop;
  std::vector<int> seen;
  const auto watch =
      loop.WatchSignals(signals, [&](int signal) { seen.push_back(signal); });
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_EQ(raise(SIGUSR2), 0);
  while (seen.empty()) loop.RunOnce();
  EXPECT_THAT(seen, ElementsAre(SIGUSR2));
}

TEST(EventLoopTest, ASignalMayDropItsRegistration) {
  const std::array<int, 2> signals = {SIGUSR1, SIGUSR2};
  EventLoop::BlockSignals(signals);
  EventLoop loop;
  int calls = 0;
  absl::StatusOr<EventLoop::Registration> watch;
  watch = loop.WatchSignals(signals, [&](int) {
    ++calls;
    watch->reset();
  });
  ASSERT_TRUE(watch.ok()) << watch.status();
  ASSERT_EQ(raise(SIGUSR1), 0);
  ASSERT_EQ(raise(SIGUSR2), 0);
  loop.RunOnce();
  loop.Wake();
  loop.RunOnce();
  EXPECT_EQ(calls, 1);
}

// epoll_ctl(2) fails with ENOSPC beyond max_user_watches, or with ENOMEM.
class EventLoopShortageTest : public ::testing::TestWithParam<int> {};

TEST_P(EventLoopShortageTest, ADescriptorIsWatchedOnceTheShortageEnds) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  int calls = 0;
  EventLoop::Registration watch;
  if (!platform::RunThreadRefusing(
          {{.number = SYS_epoll_ctl, .error = GetParam()}}, [&] {
            watch = loop.WatchFd(fd.get(), EPOLLIN, [&](uint32_t) { ++calls; });
          })) {
    GTEST_SKIP() << "seccomp(2) is not allowed";
  }
  EXPECT_TRUE(watch.active());
  while (calls == 0) loop.RunOnce();  // Hangs if the loop does not try again.
}

TEST_P(EventLoopShortageTest, ADescriptorCanBeDroppedDuringTheShortage) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  int calls = 0;
  EventLoop::Registration watch;
  bool timer_ran = false;
  if (!platform::RunThreadRefusing(
          {{.number = SYS_epoll_ctl, .error = GetParam()}}, [&] {
            watch = loop.WatchFd(fd.get(), EPOLLIN, [&](uint32_t) { ++calls; });
          })) {
    GTEST_SKIP() << "seccomp(2) is not allowed";
  }
  watch.reset();
  const auto timer =
      loop.RunAfter(2 * EventLoop::kRetryDelay, [&] { timer_ran = true; });
  while (!timer_ran) loop.RunOnce();
  EXPECT_EQ(calls, 0);
}

TEST_P(EventLoopShortageTest, CreateReturnsAnError) {
  absl::Status status;
  if (!platform::RunThreadRefusing(
          {{.number = SYS_epoll_ctl, .error = GetParam()}},
          [&] { status = EventLoop::Create().status(); })) {
    GTEST_SKIP() << "seccomp(2) is not allowed";
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

INSTANTIATE_TEST_SUITE_P(Errors, EventLoopShortageTest,
                         ::testing::Values(ENOMEM, ENOSPC));

}  // namespace
}  // namespace tallyman::base
