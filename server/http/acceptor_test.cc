// Uses real sockets, and lowers the limit on descriptors of the test's process.

#include "server/http/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/event_loop.h"
#include "platform/base/loop_thread.h"
#include "platform/base/unique_fd.h"
#include "server/http/testing/loopback_server.h"
#include "server/net/listening_socket.h"
#include "server/net/testing/test_sockets.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;

// A listening socket, and a loop to accept on: both need descriptors.
class Port {
 public:
  int fd() const { return socket_.fd(); }
  int number() const { return socket_.address().port; }
  base::EventLoop& loop() { return loop_; }

 private:
  const ListeningSocket socket_ = ListenOnLoopback();
  base::EventLoop loop_;
};

// 0 or an errno.
int ConnectTo(const base::UniqueFd& fd, const Port& port) {
  return Connect(fd, V4(port.number()));
}

// Accepts on a thread until destroyed.
class RunningAcceptor {
 public:
  RunningAcceptor(Port& port, Acceptor::Events events)
      : acceptor_(std::make_unique<Acceptor>(port.loop(), port.fd(),
                                             std::move(events))),
        thread_(std::make_unique<base::LoopThread>(port.loop())) {}

 private:
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<base::LoopThread> thread_;
};

// Lowers the limit on descriptors so that the process can open no further one,
// until End() or its destruction.
class NoDescriptors {
 public:
  NoDescriptors() {
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    // dup(2) returns the lowest free descriptor.
    const base::UniqueFd next(dup(STDERR_FILENO));
    CHECK(next.valid());
    SetLimit(static_cast<rlim_t>(next.get()));
  }
  ~NoDescriptors() { End(); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

  void End() const { SetLimit(before_.rlim_cur); }

 private:
  void SetLimit(rlim_t most) const {
    const rlimit limit = {.rlim_cur = most, .rlim_max = before_.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit before_ = {};
};

TEST(AcceptorTest, AcceptsConnections) {
  Port port;
  absl::Notification accepted;
  const RunningAcceptor running(
      port, {.on_accepted = [&](base::UniqueFd connection) {
        int no_delay = 0;
        socklen_t size = sizeof(no_delay);
        getsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay,
                   &size);
        EXPECT_NE(no_delay, 0);
        EXPECT_NE(fcntl(connection.get(), F_GETFL) & O_NONBLOCK, 0);
        EXPECT_EQ(send(connection.get(), "x", 1, 0), 1);
        accepted.Notify();
      }});
  const base::UniqueFd client = NewSocket(AF_INET);
  ASSERT_EQ(ConnectTo(client, port), 0);
  accepted.WaitForNotification();
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(AcceptorTest, FreesDescriptorsWhenTheyRunOut) {
  Port port;
  const base::UniqueFd client = NewSocket(AF_INET);
  std::vector<std::string> calls;  // Read after the thread ended.
  absl::Notification accepted;
  {
    const NoDescriptors none;
    const RunningAcceptor running(port,
                                  {.on_accepted =
                                       [&](const base::UniqueFd&) {
                                         calls.emplace_back("accepted");
                                         accepted.Notify();
                                       },
                                   .on_exhausted =
                                       [&](int error) {
                                         EXPECT_EQ(error, EMFILE);
                                         calls.emplace_back("exhausted");
                                       },
                                   .free_descriptors =
                                       [&] {
                                         calls.emplace_back("free_descriptors");
                                         none.End();
                                         return true;
                                       }});
    ASSERT_EQ(ConnectTo(client, port), 0);
    accepted.WaitForNotification();
  }
  EXPECT_THAT(calls, ElementsAre("exhausted", "free_descriptors", "accepted"));
}

// Out of descriptors, accept(2) fails also if no connection waits.
TEST(AcceptorTest, FreesNoDescriptorsIfNoConnectionWaits) {
  Port port;
  const base::UniqueFd client = NewSocket(AF_INET);
  std::atomic<bool> connects = false;
  absl::Notification accepted;
  const NoDescriptors none;
  const RunningAcceptor running(
      port, {.on_accepted = [&](const base::UniqueFd&) { accepted.Notify(); },
             .on_exhausted = [&](int) { EXPECT_TRUE(connects); },
             .free_descriptors =
                 [&] {
                   EXPECT_TRUE(connects);
                   none.End();
                   return true;
                 }});
  connects = true;
  ASSERT_EQ(ConnectTo(client, port), 0);
  accepted.WaitForNotification();
}

TEST(AcceptorTest, GoesOnAfterAnException) {
  Port port;
  absl::Notification second;
  int accepted = 0;
  const RunningAcceptor running(port,
                                {.on_accepted = [&](const base::UniqueFd&) {
                                  if (++accepted == 1) throw std::bad_alloc();
                                  second.Notify();
                                }});
  const base::UniqueFd first_client = NewSocket(AF_INET);
  ASSERT_EQ(ConnectTo(first_client, port), 0);
  char byte = 0;
  EXPECT_EQ(recv(first_client.get(), &byte, 1, 0), 0);  // Closed.
  const base::UniqueFd second_client = NewSocket(AF_INET);
  ASSERT_EQ(ConnectTo(second_client, port), 0);
  second.WaitForNotification();
}

TEST(AcceptorTest, RetriesIfThereIsNothingToFree) {
  Port port;
  const base::UniqueFd client = NewSocket(AF_INET);
  int exhausted = 0;
  int attempts = 0;
  absl::Notification accepted;
  {
    const NoDescriptors none;
    const RunningAcceptor running(
        port, {.on_accepted = [&](const base::UniqueFd&) { accepted.Notify(); },
               .on_exhausted = [&](int) { ++exhausted; },
               .free_descriptors =
                   [&] {
                     // Another process frees descriptors.
                     if (++attempts == 2) none.End();
                     return false;
                   }});
    ASSERT_EQ(ConnectTo(client, port), 0);
    accepted.WaitForNotification();
  }
  EXPECT_EQ(exhausted, 1);
  EXPECT_EQ(attempts, 2);
}

TEST(AcceptorTest, StopsWhileOutOfDescriptors) {
  Port port;
  const base::UniqueFd client = NewSocket(AF_INET);
  absl::Notification exhausted;
  const NoDescriptors none;
  const RunningAcceptor running(
      port, {.on_accepted = [](const base::UniqueFd&) { FAIL(); },
             .on_exhausted = [&](int) { exhausted.Notify(); }});
  ASSERT_EQ(ConnectTo(client, port), 0);
  exhausted.WaitForNotification();
}

}  // namespace
}  // namespace tallyman::server
