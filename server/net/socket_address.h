// Reads the addresses of the kernel: numbers, never a lookup of a name.

#ifndef TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_
#define TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <string>

namespace tallyman::server {

// All functions take an address of `size` bytes, as accept(2) and
// getsockname(2) return it, and are thread-safe.

// "192.0.2.7" or "2001:db8::1" (inet_ntop(3)), without a zone; an IPv4-mapped
// IPv6 address (::ffff:192.0.2.7) as "192.0.2.7". "" if it is no IP address.
std::string IpText(const sockaddr& address, socklen_t size);

// The port of an IP address, else 0.
int PortNumber(const sockaddr& address, socklen_t size);

// Whether packets to the address stay on this machine: 127.0.0.0/8 also in
// IPv4-mapped form, ::1, Unix sockets.
bool IsLoopback(const sockaddr& address, socklen_t size);

// The path of a Unix socket's file (unix(7)); "" if it has none, and for other
// addresses.
std::string UnixPath(const sockaddr& address, socklen_t size);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_SOCKET_ADDRESS_H_
