#include "server/http/idle_connections.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "absl/log/check.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

class SocketPair {
 public:
  SocketPair() {
    int fds[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ends_ = {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
  }
  int server() const { return ends_[0].get(); }
  int client() const { return ends_[1].get(); }

 private:
  std::array<base::UniqueFd, 2> ends_;
};

// The result of a non-blocking recv(2): the number of bytes, 0 at the end of
// the stream, -1 if there is nothing yet.
ssize_t ReadNow(int fd) {
  char bytes[16];
  return recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
}

TEST(IdleConnectionsTest, StopWakesAWaitingConnection) {
  const SocketPair sockets;
  IdleConnections idle;
  absl::Notification waiting;
  std::thread connection([&] {
    IdleConnections::Member member(idle, sockets.server());
    EXPECT_TRUE(member.BeginWait());
    waiting.Notify();
    char byte;
    EXPECT_EQ(recv(sockets.server(), &byte, 1, 0), 0);
    member.EndWait();
  });
  waiting.WaitForNotification();
  idle.Stop();
  connection.join();
}

TEST(IdleConnectionsTest, StopDoesNotTouchABusyConnection) {
  const SocketPair sockets;
  IdleConnections idle;
  IdleConnections::Member member(idle, sockets.server());
  EXPECT_TRUE(member.BeginWait());
  member.EndWait();
  EXPECT_FALSE(idle.is_stopping());
  idle.Stop();
  EXPECT_TRUE(idle.is_stopping());
  EXPECT_EQ(ReadNow(sockets.server()), -1);
  ASSERT_EQ(write(sockets.client(), "ab", 2), 2);
  EXPECT_EQ(ReadNow(sockets.server()), 2);
  EXPECT_FALSE(member.BeginWait());
}

TEST(IdleConnectionsTest, StopDoesNotTouchAClosedConnection) {
  const SocketPair sockets;
  IdleConnections idle;
  {
    IdleConnections::Member member(idle, sockets.server());
    member.BeginWait();
  }
  idle.Stop();
  EXPECT_EQ(ReadNow(sockets.server()), -1);
}

TEST(IdleConnectionsTest, AConnectionAfterStopMayNotWait) {
  const SocketPair sockets;
  IdleConnections idle;
  idle.Stop();
  IdleConnections::Member member(idle, sockets.server());
  EXPECT_FALSE(member.BeginWait());
}

}  // namespace
}  // namespace tallyman::server
