// The calls of the system on sockets, the same for every system. posix/,
// linux/, macos/ and windows/ implement them.
//
// Errors are those of errno.h; Windows' are translated. All functions are
// thread-safe; `fd` stays the caller's.

#ifndef TALLYMAN_SERVER_NET_SOCKETS_H_
#define TALLYMAN_SERVER_NET_SOCKETS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/socket_address.h"

namespace tallyman::server::sockets {

struct Opened {
  base::UniqueFd fd;  // Not valid after an error.
  int error = 0;
};

// The stream sockets that these return do not block and are closed on exec.

// Listens on an IP address, with the longest queue that the kernel allows
// (SOMAXCONN). "::" accepts IPv4 too.
Opened Listen(const SocketAddress& address);

// A Unix socket that is not bound yet. Unimplemented, with a fragment, on
// Windows.
absl::StatusOr<base::UniqueFd> NewUnixSocket();
int ListenUnix(int fd);  // 0 or an error.

// A connection that waits, else EAGAIN. Its TCP segments are sent without delay
// (TCP_NODELAY).
Opened Accept(int fd);

// Whether a connection waits to be accepted.
bool HasWaiting(int fd);

// Refuses further connections to a listening socket, also those that wait to be
// accepted, where the system can do so before it is closed (Linux).
void StopListening(int fd);

struct Transferred {
  size_t bytes = 0;
  int error = 0;
};

// recv(2): 0 bytes are the end. Repeated on EINTR.
Transferred Receive(int fd, absl::Span<char> to);

// Sends both in one call, without SIGPIPE. Repeated on EINTR.
Transferred Send(int fd, std::string_view head, std::string_view body);

int ShutdownWrite(int fd);  // 0 or an error.

// The numeric addresses of a name or an address, each once, with port 0. May
// block for seconds. The message of an error is a fragment.
absl::StatusOr<std::vector<SocketAddress>> LookUp(const std::string& host);

// The own address, and that of the peer.
absl::StatusOr<SocketAddress> OwnAddress(int fd);
absl::StatusOr<SocketAddress> PeerAddress(int fd);

// The process that called connect(2) on a Unix socket, as it was then.
struct Credentials {
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  int64_t pid = 0;  // 0: not known.
};
absl::StatusOr<Credentials> PeerCredentials(int fd);

// The name of a zone of IPv6: "eth0", on Windows its number. "" if it has none.
std::string ZoneName(uint32_t zone);

// Makes a socket that another program has opened like those of Listen().
// InvalidArgument, with a fragment as its reason, if it is no listening stream
// socket of IP or Unix.
absl::Status PrepareAdopted(int fd);

}  // namespace tallyman::server::sockets

#endif  // TALLYMAN_SERVER_NET_SOCKETS_H_
