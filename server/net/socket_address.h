// The address of a socket.

#ifndef TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_
#define TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_

#include <cstdint>
#include <string>

#include "platform/base/ip_text.h"

namespace tallyman::server {

// A value.
struct SocketAddress {
  // kNone: of another kind, or unknown.
  enum class Kind : uint8_t { kNone, kIpv4, kIpv6, kUnix };

  Kind kind = Kind::kNone;
  base::Ipv4Bytes v4 = {};  // kIpv4.
  base::Ipv6Bytes v6 = {};  // kIpv6.
  int port = 0;
  // kIpv6: the index of the zone of a link-local address (RFC 4007), or 0.
  uint32_t zone = 0;
  std::string path;  // kUnix: of the socket's file; "" if it has none.

  // "192.0.2.7" or "2001:db8::1", without a zone; an IPv4-mapped IPv6 address
  // (::ffff:192.0.2.7) as "192.0.2.7". "" if it is no IP address.
  std::string IpText() const;

  // Whether packets to the address stay on this machine: 127.0.0.0/8 also in
  // IPv4-mapped form, ::1, Unix sockets.
  bool IsLoopback() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_
