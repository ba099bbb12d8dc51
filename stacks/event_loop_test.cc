#include "stacks/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/log/check.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/unique_fd.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;

platform::UniqueFd ReadyFd() {
  platform::UniqueFd fd(eventfd(1, EFD_CLOEXEC));
  CHECK(fd.valid());
  return fd;
}

TEST(EventLoopTest, CallsBackWhenADescriptorIsReady) {
  EventLoop loop;
  const platform::UniqueFd fd = ReadyFd();
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

TEST(EventLoopTest, WhatWasDroppedIsNotCalled) {
  EventLoop loop;
  const platform::UniqueFd fd = ReadyFd();
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
  const platform::UniqueFd a = ReadyFd();
  const platform::UniqueFd b = ReadyFd();
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
  // Its descriptor may be registered anew.
  first = loop.WatchFd(a.get(), EPOLLIN, [&](uint32_t) { calls = 10; });
  loop.RunOnce();
  EXPECT_EQ(calls, 10);
}

TEST(EventLoopTest, ATimerMayStartItselfAnew) {
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

TEST(EventLoopTest, AnotherThreadCanWakeIt) {
  EventLoop loop;
  std::thread other([&] { loop.Wake(); });
  loop.RunOnce();  // Would wait for ever otherwise.
  other.join();
}

}  // namespace
}  // namespace tallyman::stacks
