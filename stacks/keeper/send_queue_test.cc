#include "stacks/keeper/send_queue.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/refuse_calls.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using State = SendQueue::State;

class SendQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         0, ends.data()),
              0);
    near_ = base::UniqueFd(ends[0]);
    far_ = base::UniqueFd(ends[1]);
  }

  absl::Status Push(const std::string& bytes) {
    return queue_.Push(near_.get(), {.bytes = bytes, .descriptors = {}});
  }

  // Watches `near_`, flushes the queue when it can continue, and counts how
  // often.
  std::unique_ptr<SocketWatch> Watch(base::EventLoop& loop) {
    auto watch = std::make_unique<SocketWatch>(
        loop, near_.get(), [this](uint32_t events) {
          if ((events & EPOLLOUT) == 0) return;
          ++flushes_;
          EXPECT_TRUE(queue_.Flush(near_.get()).ok());
          watch_->Update(/*reads=*/true, queue_.state());
        });
    watch_ = watch.get();
    watch_->Update(/*reads=*/true, queue_.state());
    return watch;
  }

  // The next packet that the other end receives.
  std::string Received() {
    const absl::StatusOr<Packet> packet = Receive(far_.get());
    EXPECT_TRUE(packet.ok()) << packet.status();
    return packet.ok() ? packet->bytes : "";
  }

  base::UniqueFd near_;
  base::UniqueFd far_;
  SendQueue queue_;
  SocketWatch* watch_ = nullptr;
  int flushes_ = 0;
};

TEST_F(SendQueueTest, FullSocketContinuesWhenItIsWritable) {
  int sent = 0;
  while (queue_.state() == State::kEmpty && sent < 1'000'000) {
    ASSERT_TRUE(Push("x").ok());
    ++sent;
  }
  ASSERT_EQ(queue_.state(), State::kSocketFull);
  ASSERT_TRUE(Push("last").ok());
  EXPECT_EQ(queue_.size(), 2U);
  base::EventLoop loop;
  const auto watch = Watch(loop);
  for (int i = 0; i < sent - 1; ++i) EXPECT_EQ(Received(), "x");
  while (queue_.state() != State::kEmpty) loop.RunOnce();
  EXPECT_EQ(Received(), "x");
  EXPECT_EQ(Received(), "last");
}

TEST_F(SendQueueTest, BrokenConnectionIsAborted) {
  far_.reset();
  EXPECT_TRUE(absl::IsAborted(Push("x")));
}

TEST_F(SendQueueTest, PacketThatCannotBeSentDoesNotBlockTheNext) {
  Packet packet = {.bytes = "x", .descriptors = {}};
  packet.descriptors.resize(100);
  EXPECT_TRUE(
      absl::IsInvalidArgument(queue_.Push(near_.get(), std::move(packet))));
  EXPECT_EQ(queue_.state(), State::kEmpty);
  EXPECT_TRUE(Push("y").ok());
  EXPECT_EQ(Received(), "y");
}

class SendQueueMemoryTest : public SendQueueTest,
                            public testing::WithParamInterface<int> {};

// The socket is writable all the time, so that watching for EPOLLOUT would
// spin.
TEST_P(SendQueueMemoryTest, QueueWithoutMemoryRetriesSlowlyAndGoesOn) {
  base::EventLoop loop;
  std::unique_ptr<SocketWatch> watch;
  const bool allowed = platform::RunThreadRefusing(
      {{.number = SYS_sendmsg, .error = GetParam()}}, [&] {
        EXPECT_TRUE(Push("one").ok());
        EXPECT_TRUE(Push("two").ok());
        watch = Watch(loop);
        bool over = false;
        const auto timer =
            loop.RunAfter(3.5 * SocketWatch::kRetryDelay, [&] { over = true; });
        while (!over && flushes_ < 1000) loop.RunOnce();
      });
  if (!allowed) GTEST_SKIP() << "seccomp(2) is not allowed";
  EXPECT_THAT(flushes_, AllOf(Ge(1), Le(3)));
  EXPECT_EQ(queue_.size(), 2U);
  // This thread may send.
  while (queue_.state() != State::kEmpty) loop.RunOnce();
  EXPECT_EQ(Received(), "one");
  EXPECT_EQ(Received(), "two");
}

INSTANTIATE_TEST_SUITE_P(Errors, SendQueueMemoryTest,
                         testing::Values(ENOBUFS, ENOMEM, ETOOMANYREFS));

TEST_F(SendQueueTest, WatchMayBeDestroyedByItsCallback) {
  base::EventLoop loop;
  std::unique_ptr<SocketWatch> watch;
  int calls = 0;
  const auto destroy = [&](uint32_t) {
    ++calls;
    watch.reset();
  };
  watch = std::make_unique<SocketWatch>(loop, near_.get(), destroy);
  watch->Update(/*reads=*/true, State::kSocketFull);
  loop.RunOnce();
  EXPECT_EQ(calls, 1);
  watch = std::make_unique<SocketWatch>(loop, near_.get(), destroy);
  watch->Update(/*reads=*/true, State::kOutOfMemory);
  while (calls == 1) loop.RunOnce();
  EXPECT_EQ(watch, nullptr);
}

TEST_F(SendQueueTest, EndOfTheConnectionIsSeenWithoutReading) {
  base::EventLoop loop;
  uint32_t seen = 0;
  SocketWatch watch(loop, near_.get(), [&](uint32_t events) { seen = events; });
  watch.Update(/*reads=*/false, State::kEmpty);
  far_.reset();
  loop.RunOnce();
  EXPECT_NE(seen & EPOLLHUP, 0U);
}

}  // namespace
}  // namespace tallyman::stacks::keeper
