// Uses real sockets, and lowers the limit on descriptors of the test's process.

#include "server/http/listener.h"

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
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::UniqueFd NewSocket() {
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(fd.valid());
  return fd;
}

// 0 or an errno.
int Connect(const base::UniqueFd& fd, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0
             ? 0
             : errno;
}

std::unique_ptr<Listener> Bind(const std::string& host = "127.0.0.1") {
  absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Bind(host, 0);
  CHECK_OK(listener);
  return *std::move(listener);
}

// Runs a listener on a thread until destroyed.
class RunningListener {
 public:
  RunningListener(Listener& listener, Listener::Events events)
      : listener_(listener), thread_([&listener, events = std::move(events)] {
          CHECK_OK(listener.Run(events));
        }) {}
  ~RunningListener() {
    listener_.Stop();
    thread_.join();
  }
  RunningListener(const RunningListener&) = delete;
  RunningListener& operator=(const RunningListener&) = delete;

 private:
  Listener& listener_;
  std::thread thread_;
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

TEST(ListenerTest, AcceptsConnections) {
  const std::unique_ptr<Listener> listener = Bind();
  absl::Notification accepted;
  const RunningListener running(
      *listener, {.on_accepted = [&](base::UniqueFd connection) {
        int no_delay = 0;
        socklen_t size = sizeof(no_delay);
        getsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay,
                   &size);
        EXPECT_NE(no_delay, 0);
        EXPECT_EQ(fcntl(connection.get(), F_GETFL) & O_NONBLOCK, 0);
        EXPECT_EQ(send(connection.get(), "x", 1, 0), 1);
        accepted.Notify();
      }});
  const base::UniqueFd client = NewSocket();
  ASSERT_EQ(Connect(client, listener->port()), 0);
  accepted.WaitForNotification();
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(ListenerTest, RefusesConnectionsAfterStop) {
  const std::unique_ptr<Listener> listener = Bind();
  const base::UniqueFd waiting = NewSocket();
  ASSERT_EQ(Connect(waiting, listener->port()), 0);
  listener->Stop();
  EXPECT_EQ(Connect(NewSocket(), listener->port()), ECONNREFUSED);
  char byte = 0;
  EXPECT_LE(recv(waiting.get(), &byte, 1, 0), 0);
  EXPECT_TRUE(
      listener->Run({.on_accepted = [](const base::UniqueFd&) { FAIL(); }})
          .ok());
}

TEST(ListenerTest, FreesDescriptorsWhenTheyRunOut) {
  const std::unique_ptr<Listener> listener = Bind();
  const base::UniqueFd client = NewSocket();
  std::vector<std::string> calls;  // Read after the listener's thread ended.
  absl::Notification accepted;
  {
    const NoDescriptors none;
    const RunningListener running(*listener,
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
    ASSERT_EQ(Connect(client, listener->port()), 0);
    accepted.WaitForNotification();
  }
  EXPECT_THAT(calls, ElementsAre("exhausted", "free_descriptors", "accepted"));
}

// Out of descriptors, accept(2) fails also if no connection waits.
TEST(ListenerTest, FreesNoDescriptorsIfNoConnectionWaits) {
  const std::unique_ptr<Listener> listener = Bind();
  const base::UniqueFd client = NewSocket();
  std::atomic<bool> connects = false;
  absl::Notification accepted;
  const NoDescriptors none;
  const RunningListener running(
      *listener,
      {.on_accepted = [&](const base::UniqueFd&) { accepted.Notify(); },
       .on_exhausted = [&](int) { EXPECT_TRUE(connects); },
       .free_descriptors =
           [&] {
             EXPECT_TRUE(connects);
             none.End();
             return true;
           }});
  connects = true;
  ASSERT_EQ(Connect(client, listener->port()), 0);
  accepted.WaitForNotification();
}

TEST(ListenerTest, GoesOnAfterAnException) {
  const std::unique_ptr<Listener> listener = Bind();
  absl::Notification second;
  int accepted = 0;
  const RunningListener running(*listener,
                                {.on_accepted = [&](const base::UniqueFd&) {
                                  if (++accepted == 1) throw std::bad_alloc();
                                  second.Notify();
                                }});
  const base::UniqueFd first_client = NewSocket();
  ASSERT_EQ(Connect(first_client, listener->port()), 0);
  char byte = 0;
  EXPECT_EQ(recv(first_client.get(), &byte, 1, 0), 0);  // Closed.
  const base::UniqueFd second_client = NewSocket();
  ASSERT_EQ(Connect(second_client, listener->port()), 0);
  second.WaitForNotification();
}

TEST(ListenerTest, RetriesIfThereIsNothingToFree) {
  const std::unique_ptr<Listener> listener = Bind();
  const base::UniqueFd client = NewSocket();
  int exhausted = 0;
  int attempts = 0;
  absl::Notification accepted;
  {
    const NoDescriptors none;
    const RunningListener running(
        *listener,
        {.on_accepted = [&](const base::UniqueFd&) { accepted.Notify(); },
         .on_exhausted = [&](int) { ++exhausted; },
         .free_descriptors =
             [&] {
               // Another process frees descriptors.
               if (++attempts == 2) none.End();
               return false;
             }});
    ASSERT_EQ(Connect(client, listener->port()), 0);
    accepted.WaitForNotification();
  }
  EXPECT_EQ(exhausted, 1);
  EXPECT_EQ(attempts, 2);
}

TEST(ListenerTest, StopsWhileOutOfDescriptors) {
  const std::unique_ptr<Listener> listener = Bind();
  const base::UniqueFd client = NewSocket();
  absl::Notification exhausted;
  const NoDescriptors none;
  const RunningListener running(
      *listener, {.on_accepted = [](const base::UniqueFd&) { FAIL(); },
                  .on_exhausted = [&](int) { exhausted.Notify(); }});
  ASSERT_EQ(Connect(client, listener->port()), 0);
  exhausted.WaitForNotification();
}

TEST(ListenerTest, NamesAPortInUse) {
  const std::unique_ptr<Listener> first = Bind();
  const absl::Status second =
      Listener::Bind("127.0.0.1", first->port()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(second.message(), HasSubstr(UrlOf("127.0.0.1", first->port())));
  EXPECT_THAT(second.message(), HasSubstr("--port"));
}

TEST(ListenerTest, NamesAnUnknownHost) {
  const absl::Status status = Listener::Bind("a..b", 80).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("a..b"));
}

TEST(ListenerTest, TheIpv6WildcardAcceptsIpv4) {
  const absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Bind("::", 0);
  if (!listener.ok()) GTEST_SKIP() << "no IPv6 here: " << listener.status();
  EXPECT_EQ(Connect(NewSocket(), (*listener)->port()), 0);
}

TEST(UrlOfTest, BracketsIpv6) {
  EXPECT_EQ(UrlOf("127.0.0.1", 8880), "http://127.0.0.1:8880");
  EXPECT_EQ(UrlOf("::1", 80), "http://[::1]:80");
}

}  // namespace
}  // namespace tallyman::server
