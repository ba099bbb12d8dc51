#include "server/net/sockets.h"

#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/posix/native_sockets.h"
#include "server/net/socket_address.h"

namespace tallyman::server::sockets {
namespace {

struct Native {
  sockaddr_storage bytes = {};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* plain() { return reinterpret_cast<sockaddr*>(&bytes); }
};

// Of an IP address.
Native ToNative(const SocketAddress& address) {
  Native native;
  const in_port_t port = htons(static_cast<in_port_t>(address.port));
  if (address.kind == SocketAddress::Kind::kIpv6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(native.bytes);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port;
    v6.sin6_scope_id = address.zone;
    std::memcpy(&v6.sin6_addr, address.v6.data(), address.v6.size());
    native.size = sizeof(v6);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(native.bytes);
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    std::memcpy(&v4.sin_addr, address.v4.data(), address.v4.size());
    native.size = sizeof(v4);
  }
  return native;
}

// A copy of `address` as the type of its family; nullopt if it has another one
// or is too short.
template <typename Type>
std::optional<Type> As(int family, const sockaddr& address, socklen_t size) {
  if (size < sizeof(Type) || address.sa_family != family) return std::nullopt;
  Type copy = {};
  std::memcpy(&copy, &address, sizeof(copy));
  return copy;
}

std::string PathOf(const sockaddr& address, socklen_t size) {
  constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
  if (size <= kPathOffset) return "";
  const char* const path =
      reinterpret_cast<const char*>(&address) + kPathOffset;
  // The kernel's size may or may not count the 0; an abstract name begins with
  // one.
  return std::string(path, strnlen(path, size - kPathOffset));
}

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// nullopt and errno if that fails.
std::optional<int> GetOption(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (getsockopt(fd, level, option, &value, &size) != 0) return std::nullopt;
  return value;
}

}  // namespace

SocketAddress FromNative(const sockaddr& address, socklen_t size) {
  SocketAddress value;
  if (size < offsetof(sockaddr, sa_data)) return value;
  if (const auto v4 = As<sockaddr_in>(AF_INET, address, size)) {
    value.kind = SocketAddress::Kind::kIpv4;
    std::memcpy(value.v4.data(), &v4->sin_addr, value.v4.size());
    value.port = ntohs(v4->sin_port);
  } else if (const auto v6 = As<sockaddr_in6>(AF_INET6, address, size)) {
    value.kind = SocketAddress::Kind::kIpv6;
    std::memcpy(value.v6.data(), &v6->sin6_addr, value.v6.size());
    value.port = ntohs(v6->sin6_port);
    value.zone = v6->sin6_scope_id;
  } else if (address.sa_family == AF_UNIX) {
    value.kind = SocketAddress::Kind::kUnix;
    value.path = PathOf(address, size);
  }
  return value;
}

Opened Listen(const SocketAddress& address) {
  Native native = ToNative(address);
  base::UniqueFd fd = NewStreamSocket(native.plain()->sa_family);
  if (!fd.valid()) return {.fd = {}, .error = errno};
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Accepted connections inherit it: responses are sent in one piece.
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  // Whatever /proc/sys/net/ipv6/bindv6only says.
  if (native.plain()->sa_family == AF_INET6) {
    SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(fd.get(), native.plain(), native.size) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    return {.fd = {}, .error = errno};
  }
  return {.fd = std::move(fd)};
}

absl::StatusOr<base::UniqueFd> NewUnixSocket() {
  base::UniqueFd fd = NewStreamSocket(AF_UNIX);
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  return fd;
}

int ListenUnix(int fd) { return listen(fd, SOMAXCONN) == 0 ? 0 : errno; }

bool HasWaiting(int fd) {
  pollfd waiting = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) > 0;
}

Transferred Receive(int fd, absl::Span<char> to) {
  ssize_t got = 0;
  do {
    got = recv(fd, to.data(), to.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {.bytes = 0, .error = errno};
  return {.bytes = static_cast<size_t>(got)};
}

int ShutdownWrite(int fd) { return shutdown(fd, SHUT_WR) == 0 ? 0 : errno; }

absl::StatusOr<std::vector<SocketAddress>> LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return absl::InvalidArgumentError(gai_strerror(error));
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    SocketAddress address = FromNative(*each->ai_addr, each->ai_addrlen);
    const bool is_ip = address.kind == SocketAddress::Kind::kIpv4 ||
                       address.kind == SocketAddress::Kind::kIpv6;
    // /etc/hosts may have a name twice.
    if (is_ip && !absl::c_linear_search(addresses, address)) {
      addresses.push_back(std::move(address));
    }
  }
  return addresses;
}

absl::StatusOr<SocketAddress> OwnAddress(int fd) {
  Native native;
  if (getsockname(fd, native.plain(), &native.size) != 0) {
    return absl::ErrnoToStatus(errno,
                               "reading the address of a listening socket");
  }
  return FromNative(*native.plain(), native.size);
}

absl::StatusOr<SocketAddress> PeerAddress(int fd) {
  Native native;
  if (getpeername(fd, native.plain(), &native.size) != 0) {
    return absl::ErrnoToStatus(errno, "reading the address of a client");
  }
  // Clients of Unix sockets have no name, and on some kernels not even a
  // family.
  if (native.size < offsetof(sockaddr, sa_data)) {
    return SocketAddress{.kind = SocketAddress::Kind::kUnix, .path = ""};
  }
  return FromNative(*native.plain(), native.size);
}

std::string ZoneName(uint32_t zone) {
  std::array<char, IF_NAMESIZE> name = {};
  if (zone == 0 || if_indextoname(zone, name.data()) == nullptr) return "";
  return name.data();
}

absl::Status PrepareAdopted(int fd) {
  const std::optional<int> type = GetOption(fd, SOL_SOCKET, SO_TYPE);
  if (!type.has_value()) {
    return absl::InvalidArgumentError(errno == EBADF ? "it is not open"
                                                     : "it is not a socket");
  }
  Native own;
  if (getsockname(fd, own.plain(), &own.size) != 0) {
    return absl::ErrnoToStatus(errno, "getsockname");
  }
  const int family = own.plain()->sa_family;
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return absl::InvalidArgumentError("it is not an IP or Unix socket");
  }
  if (type != SOCK_STREAM) {
    return absl::InvalidArgumentError("it is not a stream socket");
  }
  if (GetOption(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return absl::InvalidArgumentError("it does not listen");
  }
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "fcntl");
  }
  if (family != AF_UNIX) SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return absl::OkStatus();
}

}  // namespace tallyman::server::sockets
