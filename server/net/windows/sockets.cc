#include "server/net/sockets.h"

#include <winsock2.h>
// After winsock2.h, whose types it uses.
#include <ws2tcpip.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "platform/base/windows/winsock.h"
#include "server/net/socket_address.h"

namespace tallyman::server::sockets {
namespace {

struct Native {
  sockaddr_storage bytes = {};
  int size = sizeof(sockaddr_storage);

  sockaddr* plain() { return reinterpret_cast<sockaddr*>(&bytes); }
};

SOCKET SocketOf(int fd) { return static_cast<SOCKET>(fd); }

int LastError() { return base::ErrnoOfWinsock(WSAGetLastError()); }

Opened Failed() { return {.fd = {}, .error = LastError()}; }

Native ToNative(const SocketAddress& address) {
  Native native;
  const u_short port = htons(static_cast<u_short>(address.port));
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

SocketAddress FromNative(const sockaddr& address, size_t size) {
  SocketAddress value;
  if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    value.kind = SocketAddress::Kind::kIpv4;
    std::memcpy(value.v4.data(), &v4.sin_addr, value.v4.size());
    value.port = ntohs(v4.sin_port);
  } else if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    value.kind = SocketAddress::Kind::kIpv6;
    std::memcpy(value.v6.data(), &v6.sin6_addr, value.v6.size());
    value.port = ntohs(v6.sin6_port);
    value.zone = v6.sin6_scope_id;
  }
  return value;
}

void SetOption(SOCKET socket, int level, int option, DWORD value) {
  setsockopt(socket, level, option, reinterpret_cast<const char*>(&value),
             sizeof(value));
}

// False, and an error of Winsock, if that fails.
bool Prepare(SOCKET socket) {
  u_long nonblocking = 1;
  SetHandleInformation(reinterpret_cast<HANDLE>(socket), HANDLE_FLAG_INHERIT,
                       0);
  SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  return ioctlsocket(socket, FIONBIO, &nonblocking) == 0;
}

}  // namespace

Opened Listen(const SocketAddress& address) {
  if (!base::StartWinsock().ok()) return {.fd = {}, .error = ENETDOWN};
  Native native = ToNative(address);
  base::UniqueFd fd(static_cast<int>(
      WSASocketW(native.plain()->sa_family, SOCK_STREAM, IPPROTO_TCP, nullptr,
                 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT)));
  if (!fd.valid()) return Failed();
  const SOCKET socket = SocketOf(fd.get());
  // Else another program could listen on the same port (Using SO_REUSEADDR and
  // SO_EXCLUSIVEADDRUSE).
  SetOption(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
  if (native.plain()->sa_family == AF_INET6) {
    SetOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (!Prepare(socket) || bind(socket, native.plain(), native.size) != 0 ||
      listen(socket, SOMAXCONN) != 0) {
    return Failed();
  }
  return {.fd = std::move(fd)};
}

// They have no permissions here, so every user could connect.
absl::StatusOr<base::UniqueFd> NewUnixSocket() {
  return absl::UnimplementedError(
      "Unix sockets need Linux or macOS; listen on 127.0.0.1 instead");
}

int ListenUnix(int /*fd*/) { return EAFNOSUPPORT; }

Opened Accept(int fd) {
  base::UniqueFd connection(
      static_cast<int>(accept(SocketOf(fd), nullptr, nullptr)));
  if (!connection.valid()) {
    const int error = LastError();
    // The client has gone already.
    return {.fd = {}, .error = error == ECONNRESET ? ECONNABORTED : error};
  }
  if (!Prepare(SocketOf(connection.get()))) return Failed();
  return {.fd = std::move(connection)};
}

bool HasWaiting(int fd) {
  WSAPOLLFD waiting = {.fd = SocketOf(fd), .events = POLLRDNORM, .revents = 0};
  return WSAPoll(&waiting, 1, 0) > 0;
}

// shutdown() of a listening socket does nothing here.
void StopListening(int /*fd*/) {}

Transferred Receive(int fd, absl::Span<char> to) {
  const int got = recv(SocketOf(fd), to.data(), static_cast<int>(to.size()), 0);
  if (got < 0) return {.bytes = 0, .error = LastError()};
  return {.bytes = static_cast<size_t>(got)};
}

Transferred Send(int fd, std::string_view head, std::string_view body) {
  // WSASend() does not change what `buf` points to.
  std::array<WSABUF, 2> parts = {{{.len = static_cast<ULONG>(head.size()),
                                   .buf = const_cast<char*>(head.data())},
                                  {.len = static_cast<ULONG>(body.size()),
                                   .buf = const_cast<char*>(body.data())}}};
  DWORD sent = 0;
  if (WSASend(SocketOf(fd), parts.data(), static_cast<DWORD>(parts.size()),
              &sent, 0, nullptr, nullptr) != 0) {
    return {.bytes = 0, .error = LastError()};
  }
  return {.bytes = sent};
}

int ShutdownWrite(int fd) {
  return shutdown(SocketOf(fd), SD_SEND) == 0 ? 0 : LastError();
}

absl::StatusOr<std::vector<SocketAddress>> LookUp(const std::string& host) {
  if (absl::Status started = base::StartWinsock(); !started.ok()) {
    return started;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return absl::InvalidArgumentError(gai_strerrorA(error));
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    SocketAddress address = FromNative(*each->ai_addr, each->ai_addrlen);
    if (address.kind != SocketAddress::Kind::kNone &&
        !absl::c_linear_search(addresses, address)) {
      addresses.push_back(std::move(address));
    }
  }
  return addresses;
}

absl::StatusOr<SocketAddress> OwnAddress(int fd) {
  Native native;
  if (getsockname(SocketOf(fd), native.plain(), &native.size) != 0) {
    return base::LastSocketError("reading the address of a listening socket");
  }
  return FromNative(*native.plain(), static_cast<size_t>(native.size));
}

absl::StatusOr<SocketAddress> PeerAddress(int fd) {
  Native native;
  if (getpeername(SocketOf(fd), native.plain(), &native.size) != 0) {
    return base::LastSocketError("reading the address of a client");
  }
  return FromNative(*native.plain(), static_cast<size_t>(native.size));
}

absl::StatusOr<Credentials> PeerCredentials(int /*fd*/) {
  return absl::UnimplementedError("Windows has no credentials of peers");
}

std::string ZoneName(uint32_t zone) {
  return zone == 0 ? "" : absl::StrCat(zone);
}

absl::Status PrepareAdopted(int /*fd*/) {
  return absl::UnimplementedError("Windows hands over no sockets");
}

}  // namespace tallyman::server::sockets
