// Uses real sockets and files.

#include "server/net/listening_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "server/net/listen_address.h"
#include "server/net/testing/test_sockets.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Sockets = std::vector<ListeningSocket>;

constexpr in_addr_t kSecondLoopback = 0x7f000002;  // 127.0.0.2

absl::StatusOr<Sockets> Open(std::string_view item,
                             const ListeningOptions& options = {}) {
  const absl::StatusOr<ListenAddress> address =
      ParseListenAddress(item, /*default_port=*/0);
  CHECK_OK(address);
  return ListeningSocket::Open(*address, options);
}

// The only socket of `item`.
ListeningSocket OpenOne(std::string_view item,
                        const ListeningOptions& options = {}) {
  absl::StatusOr<Sockets> sockets = Open(item, options);
  CHECK_OK(sockets);
  CHECK_EQ(sockets->size(), size_t{1});
  return std::move(sockets->front());
}

// Resolves every host to these addresses.
ListeningOptions Resolving(std::vector<std::string> addresses) {
  return {.resolve = [addresses = std::move(addresses)](const std::string&) {
    return addresses;
  }};
}

bool HasNoDelay(int fd) {
  int value = 0;
  socklen_t size = sizeof(value);
  CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  return value != 0;
}

TEST(ListeningSocketTest, ListensOnAnAddress) {
  const ListeningSocket socket = OpenOne("https://127.0.0.1");
  EXPECT_GT(socket.address().port, 0);
  EXPECT_EQ(socket.address().Url(),
            absl::StrCat("https://127.0.0.1:", socket.address().port));
  EXPECT_TRUE(socket.is_loopback());
  EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(accept(socket.fd(), nullptr, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN);
  const base::UniqueFd client = NewSocket(AF_INET);
  ASSERT_EQ(Connect(client, V4(socket.address().port)), 0);
  EXPECT_TRUE(HasNoDelay(Accept(socket.fd()).get()));
}

TEST(ListeningSocketTest, AWildcardIsNotLoopback) {
  const ListeningSocket socket = OpenOne("0.0.0.0");
  EXPECT_FALSE(socket.is_loopback());
  EXPECT_EQ(socket.address().host, "0.0.0.0");
}

TEST(ListeningSocketTest, TheIpv6WildcardAcceptsIpv4) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const ListeningSocket socket = OpenOne("::");
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(socket.address().port)), 0);
  EXPECT_EQ(
      Connect(NewSocket(AF_INET6), V6(socket.address().port, in6addr_loopback)),
      0);
}

TEST(ListeningSocketTest, ListensOnLocalhost) {
  const absl::StatusOr<Sockets> sockets = Open("localhost");
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  for (const ListeningSocket& socket : *sockets) {
    EXPECT_TRUE(socket.is_loopback());
    EXPECT_EQ(socket.address().port, sockets->front().address().port);
  }
}

TEST(ListeningSocketTest, ListensOnAllAddressesOfAHostWithOnePort) {
  const absl::StatusOr<Sockets> sockets =
      Open("host", Resolving({"127.0.0.1", "127.0.0.2", "127.0.0.1"}));
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->size(), size_t{2});
  const int port = sockets->front().address().port;
  EXPECT_EQ((*sockets)[0].address().host, "127.0.0.1");
  EXPECT_EQ((*sockets)[1].address().host, "127.0.0.2");
  EXPECT_EQ((*sockets)[1].address().port, port);
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(port)), 0);
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(port, kSecondLoopback)), 0);
}

TEST(ListeningSocketTest, SkipsAnAddressThatThisMachineDoesNotHave) {
  const ListeningSocket socket =
      OpenOne("host", Resolving({"192.0.2.7", "127.0.0.1"}));
  EXPECT_EQ(socket.address().host, "127.0.0.1");
}

TEST(ListeningSocketTest, NamesAnAddressThatThisMachineDoesNotHave) {
  const absl::Status status = Open("192.0.2.7:8880").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(),
              HasSubstr("cannot listen on http://192.0.2.7:8880"));
}

TEST(ListeningSocketTest, NamesAPortInUse) {
  const ListeningSocket first = OpenOne("127.0.0.1");
  const absl::Status second = Open(first.address().ToString()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(second.message(), HasSubstr(first.address().Url()));
  EXPECT_THAT(second.message(), HasSubstr("--port"));
  EXPECT_THAT(second.message(), Not(HasSubstr("(")));
}

// Clients that use the other address would reach another program.
TEST(ListeningSocketTest, NamesTheAddressOfAHostWithAPortInUse) {
  const base::UniqueFd other = Listening(V4(0, kSecondLoopback));
  const absl::Status status = Open(absl::StrCat("host:", PortOf(other)),
                                   Resolving({"127.0.0.1", "127.0.0.2"}))
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(),
              HasSubstr(absl::StrCat("cannot listen on http://host:",
                                     PortOf(other), " (127.0.0.2)")));
}

TEST(ListeningSocketTest, NamesAnUnknownHost) {
  const absl::Status status = Open("a..b").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("http://a..b:0"));
}

TEST(ListeningSocketTest, RefusesConnectionsAfterClose) {
  ListeningSocket socket = OpenOne("127.0.0.1");
  const int port = socket.address().port;
  const base::UniqueFd waiting = NewSocket(AF_INET);
  ASSERT_EQ(Connect(waiting, V4(port)), 0);
  // As if a child process had it.
  const base::UniqueFd copy(dup(socket.fd()));
  socket.Close();
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(port)), ECONNREFUSED);
  char byte = 0;
  EXPECT_LE(recv(waiting.get(), &byte, 1, 0), 0);
  socket.Close();
}

TEST(ListeningSocketTest, Moves) {
  ListeningSocket first = OpenOne("127.0.0.1");
  ListeningSocket second = OpenOne("127.0.0.1");
  const int first_port = first.address().port;
  const int second_port = second.address().port;
  first = std::move(second);
  EXPECT_EQ(first.address().port, second_port);
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(second_port)), 0);
  // NOLINTNEXTLINE(bugprone-use-after-move): documented.
  second.Close();
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(first_port)), ECONNREFUSED);
}

class UnixListeningSocketTest : public testing::Test {
 protected:
  const SocketDirectory directory_;
  const std::string path_ = directory_.path() + "/socket";
  const std::string item_ = "unix:" + path_;
};

TEST_F(UnixListeningSocketTest, Listens) {
  {
    const ListeningSocket socket = OpenOne(item_, {.unix_mode = 0600});
    EXPECT_EQ(socket.address().Url(), item_);
    EXPECT_TRUE(socket.is_loopback());
    struct stat found = {};
    ASSERT_EQ(stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode, mode_t{S_IFSOCK | 0600});
    EXPECT_NE(fcntl(socket.fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC, 0);
    ASSERT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), 0);
    EXPECT_TRUE(Accept(socket.fd()).valid());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixListeningSocketTest, ReplacesADeadServerAndNoLiveOne) {
  Listening(Unix(path_)).reset();
  const ListeningSocket first = OpenOne(item_);
  const absl::Status second = Open(item_).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(second.message(),
              HasSubstr(absl::StrCat("cannot listen on ", item_, ": ")));
  EXPECT_EQ(Connect(NewSocket(AF_UNIX), Unix(path_)), 0);
}

TEST(AdoptTest, TakesATcpSocket) {
  base::UniqueFd fd = Listening(V4(0));
  const int port = PortOf(fd);
  const base::UniqueFd of_the_opener(dup(fd.get()));
  const int number = fd.get();
  ASSERT_EQ(fcntl(number, F_SETFD, 0), 0);
  absl::StatusOr<ListeningSocket> socket =
      ListeningSocket::Adopt(std::move(fd), /*tls=*/true);
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(socket->fd(), number);
  EXPECT_EQ(socket->address().Url(), absl::StrCat("https://127.0.0.1:", port));
  EXPECT_TRUE(socket->is_loopback());
  EXPECT_NE(fcntl(number, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(HasNoDelay(number));
  socket->Close();
  // The program that opened it still listens.
  EXPECT_EQ(Connect(NewSocket(AF_INET), V4(port)), 0);
}

TEST_F(UnixListeningSocketTest, AdoptsASocketAndKeepsItsFile) {
  {
    const absl::StatusOr<ListeningSocket> socket =
        ListeningSocket::Adopt(Listening(Unix(path_)), std::nullopt);
    ASSERT_TRUE(socket.ok()) << socket.status();
    EXPECT_EQ(socket->address().ToString(), item_);
    EXPECT_TRUE(socket->is_loopback());
  }
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixListeningSocketTest, AdoptsOnlyListeningStreamSockets) {
  const auto reason = [](base::UniqueFd fd) {
    const absl::Status status =
        ListeningSocket::Adopt(std::move(fd), std::nullopt).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(reason(base::UniqueFd()), "it is not open");
  EXPECT_EQ(reason(base::UniqueFd(dup(STDERR_FILENO))), "it is not a socket");
  EXPECT_EQ(reason(Bound(Unix(path_), SOCK_DGRAM)),
            "it is not a stream socket");
  EXPECT_EQ(reason(Bound(V4(0))), "it does not listen");
  const base::UniqueFd listening = Listening(V4(0));
  base::UniqueFd client = NewSocket(AF_INET);
  ASSERT_EQ(Connect(client, V4(PortOf(listening))), 0);
  EXPECT_EQ(reason(std::move(client)), "it does not listen");
  EXPECT_EQ(reason(NewSocket(AF_NETLINK, SOCK_RAW)),
            "it is not an IP or Unix socket");
}

}  // namespace
}  // namespace tallyman::server
