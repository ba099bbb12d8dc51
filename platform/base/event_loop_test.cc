#include "platform/base/event_loop.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/signal_source.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MATCHER_P(HasBits, bits, "") { return (arg & bits) == bits; }

UniqueFd ReadyFd() {
  UniqueFd fd(eventfd(1, EFD_CLOEXEC));
  CHECK(fd.valid());
  return fd;
}

TEST(EventLoopTest, CallsBackWhenADescriptorIsReady) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  uint32_t seen = 0;
  const auto watch = loop.WatchFd(fd.get(), kReadable,
                                  [&](uint32_t events) { seen = events; });
  loop.RunOnce();
  EXPECT_EQ(seen, kReadable);
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
  const auto watch =
      loop.WatchFd(fd.get(), kReadable | kEdgeTriggered,
                   [&](uint32_t) { timers_before_event = timers; });
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

TEST(EventLoopTest, AnEdgeIsReportedOnceAndAfterEachAwait) {
  EventLoop loop;
  std::array<int, 2> ends;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()),
            0);
  const UniqueFd own(ends[0]);
  const UniqueFd peer(ends[1]);
  std::vector<uint32_t> seen;
  auto watch = loop.WatchFd(own.get(), kReadable | kWritable | kEdgeTriggered,
                            [&](uint32_t events) { seen.push_back(events); });
  const auto run = [&] {
    loop.Wake();
    loop.RunOnce();
    return std::exchange(seen, {});
  };
  EXPECT_THAT(run(), ElementsAre(kWritable));
  EXPECT_THAT(run(), IsEmpty());

  ASSERT_EQ(write(peer.get(), "a", 1), 1);
  EXPECT_THAT(run(), ElementsAre(HasBits(kReadable)));
  EXPECT_THAT(run(), IsEmpty());

  char byte = 0;
  ASSERT_EQ(read(own.get(), &byte, 1), 1);
  ASSERT_EQ(read(own.get(), &byte, 1), -1);
  watch.Await(kReadable);
  EXPECT_THAT(run(), IsEmpty());
  ASSERT_EQ(write(peer.get(), "b", 1), 1);
  EXPECT_THAT(run(), ElementsAre(HasBits(kReadable)));
}

TEST(EventLoopTest, TheEndOfThePeersStreamIsReadable) {
  EventLoop loop;
  std::array<int, 2> ends;
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()),
            0);
  const UniqueFd own(ends[0]);
  UniqueFd peer(ends[1]);
  std::vector<uint32_t> seen;
  auto watch = loop.WatchFd(own.get(), kReadable | kReadEnds | kEdgeTriggered,
                            [&](uint32_t events) { seen.push_back(events); });
  peer.reset();
  while (seen.empty()) loop.RunOnce();
  EXPECT_THAT(seen, ElementsAre(HasBits(kReadable | kReadEnds)));
  seen.clear();
  // A loop that reports it for ever would be busy.
  loop.Wake();
  loop.RunOnce();
  EXPECT_THAT(seen, IsEmpty());
}

TEST(EventLoopTest, DroppedCallbacksAreNotCalled) {
  EventLoop loop;
  const UniqueFd fd = ReadyFd();
  int calls = 0;
  auto watch = loop.WatchFd(fd.get(), kReadable, [&](uint32_t) { ++calls; });
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
  first = loop.WatchFd(a.get(), kReadable, drop_both);
  second = loop.WatchFd(b.get(), kReadable, drop_both);
  loop.RunOnce();
  EXPECT_EQ(calls, 1);
  // The descriptor can be registered again.
  first = loop.WatchFd(a.get(), kReadable, [&](uint32_t) { calls = 10; });
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
  BlockSignals(signals);
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
  BlockSignals(signals);
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

}  // namespace
}  // namespace tallyman::base
