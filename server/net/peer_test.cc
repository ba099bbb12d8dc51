// Uses real sockets.

#include "server/net/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "server/net/posix/native_sockets.h"
#include "server/net/socket_address.h"
#include "server/net/testing/test_sockets.h"

namespace tallyman::server {
namespace {

Peer OfSocket(const base::UniqueFd& fd) {
  absl::StatusOr<Peer> peer = Peer::OfSocket(fd.get());
  CHECK_OK(peer);
  return *std::move(peer);
}

in6_addr Ipv6(const char* text) {
  in6_addr address = {};
  CHECK_EQ(inet_pton(AF_INET6, text, &address), 1);
  return address;
}

TEST(PeerTest, HasTheAddressOfATcpClient) {
  const base::UniqueFd listening = Listening(V4(0));
  const base::UniqueFd client = Bound(V4(0, 0x7f000002));  // 127.0.0.2
  ASSERT_EQ(Connect(client, V4(PortOf(listening))), 0);
  const Peer peer = OfSocket(Accept(listening.get()));
  EXPECT_EQ(peer.kind, Peer::Kind::kTcp);
  EXPECT_EQ(peer.ip, "127.0.0.2");
  EXPECT_EQ(peer.port, PortOf(client));
  EXPECT_EQ(peer.ToString(), "127.0.0.2");
}

TEST(PeerTest, ShowsAnIpv4ClientOfAnIpv6SocketAsIpv4) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const base::UniqueFd listening = NewSocket(AF_INET6);
  const int off = 0;
  ASSERT_EQ(
      setsockopt(listening.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)),
      0);
  const sockaddr_in6 any = V6(0, in6addr_any);
  ASSERT_EQ(bind(listening.get(), Plain(any), sizeof(any)), 0);
  ASSERT_EQ(listen(listening.get(), SOMAXCONN), 0);
  const base::UniqueFd client = NewSocket(AF_INET);
  ASSERT_EQ(Connect(client, V4(PortOf(listening))), 0);
  EXPECT_EQ(OfSocket(Accept(listening.get())).ToString(), "127.0.0.1");
}

TEST(PeerTest, HasTheUserOfAUnixClient) {
  const SocketDirectory directory;
  const sockaddr_un address = Unix(directory.path() + "/socket");
  const base::UniqueFd listening = Listening(address);
  const base::UniqueFd client = NewSocket(AF_UNIX);
  ASSERT_EQ(Connect(client, address), 0);
  const Peer peer = OfSocket(Accept(listening.get()));
  EXPECT_EQ(peer.kind, Peer::Kind::kUnix);
  EXPECT_EQ(peer.uid, geteuid());
  EXPECT_EQ(peer.gid, getegid());
  EXPECT_EQ(peer.pid, getpid());
  EXPECT_EQ(peer.ToString(), absl::StrCat("unix:uid=", geteuid()));
}

TEST(PeerTest, HasTheUserOfASocketPair) {
  std::array<int, 2> pair = {};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  const base::UniqueFd first(pair[0]);
  const base::UniqueFd second(pair[1]);
  EXPECT_EQ(OfSocket(first).uid, geteuid());
}

TEST(PeerTest, NeedsAConnectedSocket) {
  EXPECT_FALSE(Peer::OfSocket(NewSocket(AF_INET).get()).ok());
  EXPECT_FALSE(Peer::OfSocket(-1).ok());
}

template <typename Address>
SocketAddress ValueOf(const Address& address) {
  return sockets::FromNative(*Plain(address), sizeof(address));
}

TEST(SocketAddressTest, ReadsIpAddresses) {
  const auto v4 = V4(80, 0xc0000207);
  EXPECT_EQ(ValueOf(v4).IpText(), "192.0.2.7");
  EXPECT_EQ(ValueOf(v4).port, 80);
  EXPECT_EQ(sockets::FromNative(*Plain(v4), sizeof(v4) - 1).IpText(), "");
  auto v6 = V6(443, Ipv6("2001:DB8::1"));
  EXPECT_EQ(ValueOf(v6).IpText(), "2001:db8::1");
  EXPECT_EQ(ValueOf(v6).port, 443);
  v6 = V6(443, Ipv6("::ffff:192.0.2.7"));
  EXPECT_EQ(ValueOf(v6).IpText(), "192.0.2.7");
  v6 = V6(443, Ipv6("fe80::1"));
  v6.sin6_scope_id = 1;
  EXPECT_EQ(ValueOf(v6).IpText(), "fe80::1");
  EXPECT_EQ(ValueOf(v6).zone, 1);
}

TEST(SocketAddressTest, AnotherFamilyIsNone) {
  const sockaddr other = {.sa_family = AF_UNSPEC, .sa_data = {}};
  EXPECT_EQ(ValueOf(other), SocketAddress());
  EXPECT_EQ(sockets::FromNative(other, 0), SocketAddress());
}

TEST(SocketAddressTest, KnowsLoopback) {
  EXPECT_TRUE(ValueOf(V4(0)).IsLoopback());
  EXPECT_TRUE(ValueOf(V4(0, 0x7fffffff)).IsLoopback());
  EXPECT_TRUE(ValueOf(V6(0, in6addr_loopback)).IsLoopback());
  EXPECT_TRUE(ValueOf(V6(0, Ipv6("::ffff:127.0.0.1"))).IsLoopback());
  EXPECT_TRUE(ValueOf(Unix("x")).IsLoopback());
  EXPECT_FALSE(ValueOf(V4(0, INADDR_ANY)).IsLoopback());
  EXPECT_FALSE(ValueOf(V6(0, in6addr_any)).IsLoopback());
  EXPECT_FALSE(ValueOf(V6(0, Ipv6("::ffff:1.0.0.1"))).IsLoopback());
  EXPECT_FALSE(SocketAddress().IsLoopback());
}

TEST(SocketAddressTest, ReadsPaths) {
  const sockaddr_un address = Unix("/run/x");
  const auto path_of = [](const auto& native, size_t size) {
    return sockets::FromNative(*Plain(native), static_cast<socklen_t>(size))
        .path;
  };
  EXPECT_EQ(path_of(address, sizeof(address)), "/run/x");
  EXPECT_EQ(path_of(address, sizeof(sa_family_t) + 4), "/run");
  EXPECT_EQ(path_of(address, sizeof(sa_family_t)), "");
  sockaddr_un abstract = Unix("x");
  abstract.sun_path[0] = 0;
  EXPECT_EQ(path_of(abstract, sizeof(abstract)), "");
  EXPECT_EQ(path_of(V4(0), sizeof(sockaddr_in)), "");
}

}  // namespace
}  // namespace tallyman::server
