#include "server/net/peer.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/net/socket_address.h"
#include "server/net/sockets.h"

namespace tallyman::server {

absl::StatusOr<Peer> Peer::OfSocket(int fd) {
  const absl::StatusOr<SocketAddress> address = sockets::PeerAddress(fd);
  if (!address.ok()) return address.status();
  Peer peer;
  switch (address->kind) {
    case SocketAddress::Kind::kUnix: {
      const absl::StatusOr<sockets::Credentials> credentials =
          sockets::PeerCredentials(fd);
      if (!credentials.ok()) return credentials.status();
      peer.kind = Kind::kUnix;
      peer.uid = credentials->uid;
      peer.gid = credentials->gid;
      peer.pid = credentials->pid;
      break;
    }
    case SocketAddress::Kind::kIpv4:
    case SocketAddress::Kind::kIpv6:
      peer.kind = Kind::kTcp;
      peer.ip = address->IpText();
      peer.port = address->port;
      break;
    case SocketAddress::Kind::kNone:
      break;
  }
  return peer;
}

std::string Peer::ToString() const {
  switch (kind) {
    case Kind::kTcp:
      return ip;
    case Kind::kUnix:
      return absl::StrCat("unix:uid=", uid);
    case Kind::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace tallyman::server
