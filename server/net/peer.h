// The other end of an accepted socket.
//
//   absl::StatusOr<Peer> peer = Peer::OfSocket(connection.get());
//   log.Info("connected", peer->ToString());  // "192.0.2.7", "unix:uid=1000"

#ifndef TALLYMAN_SERVER_NET_PEER_H_
#define TALLYMAN_SERVER_NET_PEER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace tallyman::server {

// A value.
struct Peer {
  enum class Kind : uint8_t { kUnknown, kTcp, kUnix };

  Kind kind = Kind::kUnknown;

  // kTcp: "192.0.2.7", "2001:db8::1". The IPv4 client of an IPv6 socket
  // (::ffff:192.0.2.7) is shown as IPv4. A link-local address has no zone.
  std::string ip;
  int port = 0;

  // kUnix: the process that called connect(2), as it was then (SO_PEERCRED,
  // unix(7)). It may have passed the socket on, or have ended; the pid may be
  // that of another process by now. A process of another pid namespace has pid
  // 0, a user of another user namespace the overflow uid (65534).
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  int64_t pid = 0;

  // The peer of a connected socket. Costs one system call, for Unix sockets
  // two. An error has the errno of getpeername(2): a client that has already
  // gone gives ENOTCONN. The socket stays the caller's.
  static absl::StatusOr<Peer> OfSocket(int fd);

  // For logs: the IP address, "unix:uid=1000" or "unknown". Without the port,
  // so all connections of a client have the same text.
  std::string ToString() const;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_PEER_H_
