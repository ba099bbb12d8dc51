#include "server/net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

namespace tallyman::server {
namespace {

// A copy of `address` as the type of its family; nullopt if it has another one
// or is too short.
template <typename Type>
std::optional<Type> As(int family, const sockaddr& address, socklen_t size) {
  if (size < sizeof(Type) || address.sa_family != family) return std::nullopt;
  Type copy = {};
  std::memcpy(&copy, &address, sizeof(copy));
  return copy;
}

std::optional<sockaddr_in> AsV4(const sockaddr& address, socklen_t size) {
  return As<sockaddr_in>(AF_INET, address, size);
}

std::optional<sockaddr_in6> AsV6(const sockaddr& address, socklen_t size) {
  return As<sockaddr_in6>(AF_INET6, address, size);
}

// The IPv4 address of an IPv4 or IPv4-mapped address.
std::optional<in_addr> MappedV4(const sockaddr& address, socklen_t size) {
  if (const auto v4 = AsV4(address, size)) return v4->sin_addr;
  const auto v6 = AsV6(address, size);
  if (!v6.has_value() || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    return std::nullopt;
  }
  in_addr v4 = {};
  std::memcpy(&v4, &v6->sin6_addr.s6_addr[12], sizeof(v4));
  return v4;
}

}  // namespace

std::string IpText(const sockaddr& address, socklen_t size) {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (const auto v4 = MappedV4(address, size)) {
    inet_ntop(AF_INET, &*v4, text.data(), text.size());
  } else if (const auto v6 = AsV6(address, size)) {
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

int PortNumber(const sockaddr& address, socklen_t size) {
  if (const auto v4 = AsV4(address, size)) return ntohs(v4->sin_port);
  if (const auto v6 = AsV6(address, size)) return ntohs(v6->sin6_port);
  return 0;
}

bool IsLoopback(const sockaddr& address, socklen_t size) {
  if (const auto v4 = MappedV4(address, size)) {
    return ntohl(v4->s_addr) >> 24 == 127;
  }
  if (const auto v6 = AsV6(address, size)) {
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
  }
  return size >= sizeof(sa_family_t) && address.sa_family == AF_UNIX;
}

std::string UnixPath(const sockaddr& address, socklen_t size) {
  constexpr size_t kPathOffset = offsetof(sockaddr_un, sun_path);
  if (size <= kPathOffset || address.sa_family != AF_UNIX) return "";
  const char* const path =
      reinterpret_cast<const char*>(&address) + kPathOffset;
  // The kernel's size may or may not count the 0; an abstract name begins with
  // one.
  return std::string(path, strnlen(path, size - kPathOffset));
}

}  // namespace tallyman::server
