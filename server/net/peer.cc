#include "server/net/peer.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/net/socket_address.h"

namespace tallyman::server {

absl::StatusOr<Peer> Peer::OfSocket(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (getpeername(fd, plain, &size) != 0) {
    return absl::ErrnoToStatus(errno, "reading the address of a client");
  }
  // Clients of Unix sockets have no name, and on some kernels not even a
  // family.
  if (size < sizeof(sa_family_t)) {
    address.ss_family = AF_UNIX;
    size = sizeof(sa_family_t);
  }
  return OfAccepted(fd, *plain, size);
}

absl::StatusOr<Peer> Peer::OfAccepted(int fd, const sockaddr& address,
                                      socklen_t size) {
  Peer peer;
  if (size < sizeof(sa_family_t)) return peer;
  if (address.sa_family == AF_UNIX) {
    ucred credentials = {};
    socklen_t credentials_size = sizeof(credentials);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials,
                   &credentials_size) != 0) {
      return absl::ErrnoToStatus(errno, "reading the user of a client");
    }
    peer.kind = Kind::kUnix;
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    peer.pid = credentials.pid;
    return peer;
  }
  peer.ip = IpText(address, size);
  if (peer.ip.empty()) return peer;
  peer.kind = Kind::kTcp;
  peer.port = PortNumber(address, size);
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
