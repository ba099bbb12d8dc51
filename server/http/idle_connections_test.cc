#include "server/http/idle_connections.h"

#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/log/check.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace tallyman::server {
namespace {

struct SocketPair {
  SocketPair() {
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  }
  ~SocketPair() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

// What a read without waiting gives: bytes, 0 at the end, -1 for nothing yet.
ssize_t ReadNow(int fd) {
  char bytes[16];
  return recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
}

TEST(IdleConnectionsTest, StopWakesWhoWaits) {
  const SocketPair sockets;
  IdleConnections idle;
  absl::Notification waits;
  std::thread connection([&] {
    IdleConnections::Member member(idle, sockets.ends[0]);
    EXPECT_TRUE(member.BeginWait());
    waits.Notify();
    char byte;
    EXPECT_EQ(recv(sockets.ends[0], &byte, 1, 0), 0);
    member.EndWait();
  });
  waits.WaitForNotification();
  idle.Stop();
  connection.join();
}

TEST(IdleConnectionsTest, StopLetsABusyConnectionBe) {
  const SocketPair sockets;
  IdleConnections idle;
  IdleConnections::Member member(idle, sockets.ends[0]);
  EXPECT_TRUE(member.BeginWait());
  member.EndWait();
  EXPECT_FALSE(idle.is_stopping());
  idle.Stop();
  EXPECT_TRUE(idle.is_stopping());
  EXPECT_EQ(ReadNow(sockets.ends[0]), -1);
  ASSERT_EQ(write(sockets.ends[1], "ab", 2), 2);
  EXPECT_EQ(ReadNow(sockets.ends[0]), 2);
  EXPECT_FALSE(member.BeginWait());
}

TEST(IdleConnectionsTest, WhatHasGoneIsForgotten) {
  const SocketPair sockets;
  IdleConnections idle;
  {
    IdleConnections::Member member(idle, sockets.ends[0]);
    member.BeginWait();
  }
  idle.Stop();
  EXPECT_EQ(ReadNow(sockets.ends[0]), -1);
}

TEST(IdleConnectionsTest, WhoComesAfterTheStopMayNotWait) {
  const SocketPair sockets;
  IdleConnections idle;
  idle.Stop();
  IdleConnections::Member member(idle, sockets.ends[0]);
  EXPECT_FALSE(member.BeginWait());
}

}  // namespace
}  // namespace tallyman::server
