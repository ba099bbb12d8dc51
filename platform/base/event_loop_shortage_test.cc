#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/refuse_calls.h"

namespace tallyman::base {
namespace {

UniqueFd ReadyFd() {
  UniqueFd fd(eventfd(1, EFD_CLOEXEC));
  CHECK(fd.valid());
  return fd;
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
            watch =
                loop.WatchFd(fd.get(), kReadable, [&](uint32_t) { ++calls; });
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
            watch =
                loop.WatchFd(fd.get(), kReadable, [&](uint32_t) { ++calls; });
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
