// Sockets for tests of this package. Functions die (CHECK) on failure.

#ifndef TALLYMAN_SERVER_NET_TESTING_TEST_SOCKETS_H_
#define TALLYMAN_SERVER_NET_TESTING_TEST_SOCKETS_H_

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"

namespace tallyman::server {

inline base::UniqueFd NewSocket(int family, int type = SOCK_STREAM) {
  base::UniqueFd fd(socket(family, type | SOCK_CLOEXEC, 0));
  CHECK(fd.valid());
  return fd;
}

// An IPv4 address, in host byte order.
inline sockaddr_in V4(int port, in_addr_t address = INADDR_LOOPBACK) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<in_port_t>(port));
  v4.sin_addr.s_addr = htonl(address);
  return v4;
}

inline sockaddr_in6 V6(int port, const in6_addr& address) {
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<in_port_t>(port));
  v6.sin6_addr = address;
  return v6;
}

inline sockaddr_un Unix(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  CHECK_LT(path.size(), sizeof(address.sun_path));
  absl::c_copy(path, address.sun_path);
  return address;
}

template <typename Address>
const sockaddr* Plain(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// 0 or an errno.
template <typename Address>
int Connect(const base::UniqueFd& fd, const Address& address) {
  return connect(fd.get(), Plain(address), sizeof(address)) == 0 ? 0 : errno;
}

// An empty directory for sockets, removed in the destructor. The path of a Unix
// socket has at most 107 bytes, and that of a test's temporary directory may
// have more; path() is a short one, of this process only.
class SocketDirectory {
 public:
  SocketDirectory()
      : fd_(open(directory_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        path_(absl::StrCat("/proc/self/fd/", fd_.get())) {
    CHECK(fd_.valid());
  }

  const std::string& path() const { return path_; }

 private:
  const platform::TempDirectory directory_;
  const base::UniqueFd fd_;
  const std::string path_;
};

// A socket that is bound and not listening yet.
template <typename Address>
base::UniqueFd Bound(const Address& address, int type = SOCK_STREAM) {
  base::UniqueFd fd = NewSocket(Plain(address)->sa_family, type);
  CHECK_EQ(bind(fd.get(), Plain(address), sizeof(address)), 0) << errno;
  return fd;
}

template <typename Address>
base::UniqueFd Listening(const Address& address) {
  base::UniqueFd fd = Bound(address);
  CHECK_EQ(listen(fd.get(), SOMAXCONN), 0);
  return fd;
}

// Accepts a connection from a listening socket, also if that does not block.
inline base::UniqueFd Accept(int listening) {
  pollfd ready = {.fd = listening, .events = POLLIN};
  CHECK_EQ(poll(&ready, 1, -1), 1);
  base::UniqueFd fd(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  CHECK(fd.valid());
  return fd;
}

inline int PortOf(const base::UniqueFd& fd) {
  sockaddr_in6 address = {};  // The port has the same place in both.
  socklen_t size = sizeof(address);
  CHECK_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size),
           0);
  return ntohs(address.sin6_port);
}

// Whether this machine has IPv6.
inline bool HasIpv6() {
  const base::UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in6 address = V6(0, in6addr_loopback);
  return fd.valid() && bind(fd.get(), Plain(address), sizeof(address)) == 0;
}

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_TESTING_TEST_SOCKETS_H_
