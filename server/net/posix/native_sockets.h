// What the systems of POSIX differ in.

#ifndef TALLYMAN_SERVER_NET_POSIX_NATIVE_SOCKETS_H_
#define TALLYMAN_SERVER_NET_POSIX_NATIVE_SOCKETS_H_

#include <sys/socket.h>

#include "platform/base/unique_fd.h"
#include "server/net/socket_address.h"

namespace tallyman::server::sockets {

// The value of an address of `size` bytes, as accept(2) and getsockname(2)
// return it. kNone if it is too short for its family.
SocketAddress FromNative(const sockaddr& address, socklen_t size);

// A stream socket that does not block, is closed on exec and raises no SIGPIPE
// where that is an option of sockets. Not valid, and errno, after an error.
base::UniqueFd NewStreamSocket(int family);

}  // namespace tallyman::server::sockets

#endif  // TALLYMAN_SERVER_NET_POSIX_NATIVE_SOCKETS_H_
