#include "server/net/sockets.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "server/net/posix/native_sockets.h"

namespace tallyman::server::sockets {
namespace {

// sendmsg(2) does not change what `iov_base` points to.
iovec PartOf(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

}  // namespace

base::UniqueFd NewStreamSocket(int family) {
  return base::UniqueFd(
      socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Opened Accept(int fd) {
  base::UniqueFd connection(
      accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int error = connection.valid() ? 0 : errno;
  return {.fd = std::move(connection), .error = error};
}

// shutdown(2) of a listening socket refuses further connections.
void StopListening(int fd) { shutdown(fd, SHUT_RDWR); }

Transferred Send(int fd, std::string_view head, std::string_view body) {
  std::array<iovec, 2> parts = {PartOf(head), PartOf(body)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t sent = 0;
  do {
    sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return {.bytes = 0, .error = errno};
  return {.bytes = static_cast<size_t>(sent)};
}

// SO_PEERCRED (unix(7)).
absl::StatusOr<Credentials> PeerCredentials(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return absl::ErrnoToStatus(errno, "reading the user of a client");
  }
  return Credentials{
      .uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
}

}  // namespace tallyman::server::sockets
