#include "server/net/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

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

iovec PartOf(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

// False, and errno, after an error.
bool Prepare(int fd) {
  const int on = 1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
         fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
         setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) == 0;
}

}  // namespace

base::UniqueFd NewStreamSocket(int family) {
  base::UniqueFd fd(socket(family, SOCK_STREAM, 0));
  if (fd.valid() && !Prepare(fd.get())) {
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

Opened Accept(int fd) {
  base::UniqueFd connection(accept(fd, nullptr, nullptr));
  if (!connection.valid()) return {.fd = {}, .error = errno};
  // EINVAL: the client has gone already.
  if (!Prepare(connection.get())) return {.fd = {}, .error = ECONNABORTED};
  return {.fd = std::move(connection)};
}

// shutdown(2) of a listening socket does nothing here.
void StopListening(int /*fd*/) {}

Transferred Send(int fd, std::string_view head, std::string_view body) {
  std::array<iovec, 2> parts = {PartOf(head), PartOf(body)};
  ssize_t sent = 0;
  do {
    sent = writev(fd, parts.data(), static_cast<int>(parts.size()));
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return {.bytes = 0, .error = errno};
  return {.bytes = static_cast<size_t>(sent)};
}

// getpeereid(3), and LOCAL_PEERPID of unix(4).
absl::StatusOr<Credentials> PeerCredentials(int fd) {
  uid_t uid = 0;
  gid_t gid = 0;
  if (getpeereid(fd, &uid, &gid) != 0) {
    return absl::ErrnoToStatus(errno, "reading the user of a client");
  }
  pid_t pid = 0;
  socklen_t size = sizeof(pid);
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) != 0) pid = 0;
  return Credentials{.uid = uid, .gid = gid, .pid = pid};
}

}  // namespace tallyman::server::sockets
