#include "server/net/listening_socket.h"

#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "server/net/listen_address.h"
#include "server/net/socket_address.h"
#include "server/net/unix_socket_file.h"

namespace tallyman::server {
namespace {

// How often Open() tries another free port because one of the addresses has no
// such port free.
constexpr int kMaxPorts = 16;

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

base::UniqueFd NewSocket(int family) {
  return base::UniqueFd(
      socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// One address of a host.
struct Address {
  sockaddr_storage bytes = {};
  socklen_t size = 0;

  const sockaddr& plain() const {
    return reinterpret_cast<const sockaddr&>(bytes);
  }
  void set_port(int port) {
    const in_port_t number = htons(static_cast<in_port_t>(port));
    if (bytes.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(bytes).sin6_port = number;
    } else {
      reinterpret_cast<sockaddr_in&>(bytes).sin_port = number;
    }
  }
};

// Adds the addresses of a host, each once: /etc/hosts may have a name twice.
absl::Status AddAddresses(const std::string& host, int port,
                          std::vector<Address>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int lookup =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (lookup != 0) return absl::InvalidArgumentError(gai_strerror(lookup));
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    Address next = {.size = each->ai_addrlen};
    std::memcpy(&next.bytes, each->ai_addr, each->ai_addrlen);
    bool is_new = true;
    for (const Address& other : addresses) {
      is_new =
          is_new && !(other.size == next.size &&
                      std::memcmp(&other.bytes, &next.bytes, next.size) == 0);
    }
    if (is_new) addresses.push_back(next);
  }
  return absl::OkStatus();
}

// On failure an invalid descriptor, and errno.
base::UniqueFd ListenOn(const Address& address) {
  base::UniqueFd fd = NewSocket(address.plain().sa_family);
  if (!fd.valid()) return fd;
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Accepted connections inherit it: responses are sent in one piece.
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  // "::" accepts IPv4 too, whatever /proc/sys/net/ipv6/bindv6only says.
  if (address.plain().sa_family == AF_INET6) {
    SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(fd.get(), &address.plain(), address.size) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

// Whether this machine does not have the address.
bool IsAbsence(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

// The bound port; -1 and errno if that fails.
int PortOf(const base::UniqueFd& fd) {
  Address address = {.size = sizeof(sockaddr_storage)};
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.bytes),
                  &address.size) != 0) {
    return -1;
  }
  return PortNumber(address.plain(), address.size);
}

absl::Status ListenError(int error, std::string_view where) {
  absl::Status status = absl::ErrnoToStatus(error, where);
  if (error != EADDRINUSE) return status;
  return absl::AlreadyExistsError(
      absl::StrCat(status.message(),
                   "; choose another one with --port, or stop the "
                   "program that uses it"));
}

// Listens on each address that this machine has, with the same port. If the
// port is 0 and `may_retry`, a port that is free for one and not for another
// address gives an empty list.
absl::StatusOr<std::vector<base::UniqueFd>> ListenOnAll(
    std::vector<Address> addresses, const ListenAddress& given,
    bool may_retry) {
  const std::string where = absl::StrCat("cannot listen on ", given.Url());
  std::vector<base::UniqueFd> sockets;
  int absence = 0;
  int port = given.port;
  for (Address& address : addresses) {
    address.set_port(port);
    base::UniqueFd fd = ListenOn(address);
    if (fd.valid() && port == 0 && (port = PortOf(fd)) < 0) fd.reset();
    if (fd.valid()) {
      sockets.push_back(std::move(fd));
      continue;
    }
    const int error = errno;
    if (IsAbsence(error)) {
      absence = error;
      continue;
    }
    if (error == EADDRINUSE && given.port == 0 && port != 0 && may_retry) {
      return std::vector<base::UniqueFd>();
    }
    const std::string number = IpText(address.plain(), address.size);
    return ListenError(error, number == given.host
                                  ? where
                                  : absl::StrCat(where, " (", number, ")"));
  }
  if (sockets.empty()) return absl::ErrnoToStatus(absence, where);
  return sockets;
}

// The zone of a link-local address, with "%" before it (RFC 4007, 11).
std::string ZoneOf(const Address& address) {
  if (address.plain().sa_family != AF_INET6) return "";
  const auto index =
      reinterpret_cast<const sockaddr_in6&>(address.bytes).sin6_scope_id;
  std::array<char, IF_NAMESIZE> name = {};
  if (index == 0 || if_indextoname(index, name.data()) == nullptr) return "";
  return absl::StrCat("%", name.data());
}

}  // namespace

absl::StatusOr<std::vector<ListeningSocket>> ListeningSocket::Open(
    const ListenAddress& address, const ListeningOptions& options) {
  std::vector<ListeningSocket> listening;
  if (address.kind == ListenAddress::Kind::kUnix) {
    absl::StatusOr<ListeningSocket> socket = OpenUnix(address, options);
    if (!socket.ok()) {
      return absl::Status(socket.status().code(),
                          absl::StrCat("cannot listen on ", address.Url(), ": ",
                                       socket.status().message()));
    }
    listening.push_back(*std::move(socket));
    return listening;
  }
  std::vector<Address> addresses;
  for (const std::string& host : options.resolve
                                     ? options.resolve(address.host)
                                     : std::vector<std::string>{address.host}) {
    const absl::Status added = AddAddresses(host, address.port, addresses);
    if (!added.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot listen on ", address.Url(), ": ", added.message()));
    }
  }
  absl::StatusOr<std::vector<base::UniqueFd>> sockets;
  for (int i = 1; i <= kMaxPorts; ++i) {
    sockets = ListenOnAll(addresses, address, /*may_retry=*/i < kMaxPorts);
    if (!sockets.ok()) return sockets.status();
    if (!sockets->empty()) break;
  }
  for (base::UniqueFd& fd : *sockets) {
    ListeningSocket socket(std::move(fd), /*is_adopted=*/false);
    absl::Status read = socket.ReadAddress(address.tls);
    if (!read.ok()) return read;
    listening.push_back(std::move(socket));
  }
  return listening;
}

absl::StatusOr<ListeningSocket> ListeningSocket::OpenUnix(
    const ListenAddress& address, const ListeningOptions& options) {
  ListeningSocket socket(NewSocket(AF_UNIX), /*is_adopted=*/false);
  if (!socket.fd_.valid()) return absl::ErrnoToStatus(errno, "socket");
  absl::StatusOr<UnixSocketFile> file =
      UnixSocketFile::Bind(socket.fd(), address.path, options.unix_mode);
  if (!file.ok()) return file.status();
  socket.file_ = *std::move(file);
  if (listen(socket.fd(), SOMAXCONN) != 0) {
    return absl::ErrnoToStatus(errno, "listen");
  }
  if (!socket.file_.IsInPlace()) {
    return absl::AlreadyExistsError("another server has just taken the path");
  }
  socket.address_ = address;
  socket.is_loopback_ = true;
  return socket;
}

absl::StatusOr<ListeningSocket> ListeningSocket::Adopt(
    base::UniqueFd fd, std::optional<bool> tls) {
  const std::optional<int> type = GetOption(fd.get(), SOL_SOCKET, SO_TYPE);
  if (!type.has_value()) {
    return absl::InvalidArgumentError(errno == EBADF ? "it is not open"
                                                     : "it is not a socket");
  }
  const int family =
      GetOption(fd.get(), SOL_SOCKET, SO_DOMAIN).value_or(AF_UNSPEC);
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return absl::InvalidArgumentError("it is not an IP or Unix socket");
  }
  if (type != SOCK_STREAM) {
    return absl::InvalidArgumentError("it is not a stream socket");
  }
  if (GetOption(fd.get(), SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return absl::InvalidArgumentError("it does not listen");
  }
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "fcntl");
  }
  if (family != AF_UNIX) SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  ListeningSocket socket(std::move(fd), /*is_adopted=*/true);
  absl::Status read = socket.ReadAddress(tls);
  if (!read.ok()) return read;
  return socket;
}

absl::Status ListeningSocket::ReadAddress(std::optional<bool> tls) {
  Address bound = {.size = sizeof(sockaddr_storage)};
  if (getsockname(fd(), reinterpret_cast<sockaddr*>(&bound.bytes),
                  &bound.size) != 0) {
    return absl::ErrnoToStatus(errno,
                               "reading the address of a listening socket");
  }
  address_ = {.tls = tls};
  if (bound.plain().sa_family == AF_UNIX) {
    address_.kind = ListenAddress::Kind::kUnix;
    address_.path = UnixPath(bound.plain(), bound.size);
  } else {
    address_.host =
        absl::StrCat(IpText(bound.plain(), bound.size), ZoneOf(bound));
    address_.port = PortNumber(bound.plain(), bound.size);
  }
  is_loopback_ = IsLoopback(bound.plain(), bound.size);
  return absl::OkStatus();
}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(file_, other.file_);
  std::swap(is_adopted_, other.is_adopted_);
  std::swap(is_loopback_, other.is_loopback_);
  std::swap(address_, other.address_);
  return *this;
}

void ListeningSocket::Close() {
  file_.Remove();
  // The children of fork(2) may have the socket too. Linux: shutdown(2) of a
  // listening socket refuses further connections.
  if (fd_.valid() && !is_adopted_) shutdown(fd(), SHUT_RDWR);
  fd_.reset();
}

}  // namespace tallyman::server
