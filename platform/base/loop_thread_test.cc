#include "platform/base/loop_thread.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"

namespace tallyman::base {
namespace {

TEST(LoopThreadTest, CallsBackInItsThread) {
  EventLoop loop;
  std::atomic<bool> called = false;
  std::thread::id caller;
  const auto timer = loop.RunAfter(absl::ZeroDuration(), [&] {
    caller = std::this_thread::get_id();
    called = true;
    called.notify_one();
  });
  {
    const LoopThread thread(loop);
    called.wait(false);
  }
  EXPECT_NE(caller, std::this_thread::get_id());
}

TEST(LoopThreadTest, EndsWithoutAnEvent) {
  EventLoop loop;
  const UniqueFd never(eventfd(0, EFD_CLOEXEC));
  const auto watch = loop.WatchFd(never.get(), EPOLLIN, [](uint32_t) {});
  { const LoopThread thread(loop); }
  SUCCEED() << "the destructor returned";
}

TEST(LoopThreadTest, CallsBackAfterEachRound) {
  EventLoop loop;
  std::atomic<int> rounds = 0;
  {
    const LoopThread thread(loop, [&] {
      ++rounds;
      rounds.notify_one();
    });
    loop.Wake();
    rounds.wait(0);
  }
  EXPECT_GE(rounds, 1);
}

}  // namespace
}  // namespace tallyman::base
