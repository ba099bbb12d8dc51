#include "stacks/keeper/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks::keeper {
namespace {

constexpr char kSocketName[] = "keeper.sock";
// Servers that wait to be accepted: rarely more than one.
constexpr int kBacklog = 16;

sockaddr_un Address(int directory) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path =
      absl::StrCat("/proc/self/fd/", directory, "/", kSocketName);
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// As bind(2) and connect(2) want it.
const sockaddr* Generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

absl::StatusOr<base::UniqueFd> OpenDirectory(const std::string& directory) {
  base::UniqueFd opened(
      open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) {
    return absl::ErrnoToStatus(errno, "its directory");
  }
  return opened;
}

absl::StatusOr<base::UniqueFd> Listen(int directory) {
  base::UniqueFd listener(
      socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return absl::ErrnoToStatus(errno, "socket");
  if (unlinkat(directory, kSocketName, 0) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrCat("removing ", kSocketName));
  }
  const sockaddr_un address = Address(directory);
  // Until fchmodat(2) the keeper's umask keeps others out.
  if (bind(listener.get(), Generic(address), sizeof(address)) != 0 ||
      fchmodat(directory, kSocketName, S_IRUSR | S_IWUSR, 0) != 0 ||
      listen(listener.get(), kBacklog) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("making ", kSocketName));
  }
  return listener;
}

void RemoveSocket(int directory) { unlinkat(directory, kSocketName, 0); }

bool IsBound(int directory) {
  // connect(2) with a socket of another type fails with EPROTOTYPE if the
  // address is bound, and with ECONNREFUSED if only its file is left.
  const base::UniqueFd other(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = Address(directory);
  return connect(other.get(), Generic(address), sizeof(address)) != 0 &&
         errno == EPROTOTYPE;
}

absl::StatusOr<base::UniqueFd> Connect(int directory, absl::Duration timeout) {
  base::UniqueFd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return absl::ErrnoToStatus(errno, "socket");
  // A packet must fit as a whole. If this fails the default stays, which
  // suffices on most systems.
  const int buffer_bytes = kMaxMessageBytes + 65536;
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes,
             sizeof(buffer_bytes));
  // Also limits how long connect() waits for a place in the backlog. Zero would
  // mean no limit.
  const timeval wait = absl::ToTimeval(
      std::clamp(timeout, absl::Milliseconds(1), absl::Hours(1)));
  const timeval forever = {};
  const sockaddr_un address = Address(directory);
  if (setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &wait,
                 sizeof(wait)) != 0) {
    return absl::ErrnoToStatus(errno, "SO_SNDTIMEO");
  }
  if (connect(connection.get(), Generic(address), sizeof(address)) != 0) {
    const int error = errno;
    const absl::Status status =
        absl::ErrnoToStatus(error, absl::StrCat("connecting to ", kSocketName));
    switch (error) {
      case ENOENT:
      case ECONNREFUSED:
      case EAGAIN:
      case EINTR:
        return absl::UnavailableError(status.message());
      case EACCES:
      case EPERM:
        return absl::FailedPreconditionError(status.message());
      default:
        return status;
    }
  }
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &forever,
             sizeof(forever));
  return connection;
}

absl::StatusOr<uid_t> PeerUser(int socket) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return absl::ErrnoToStatus(errno, "SO_PEERCRED");
  }
  return credentials.uid;
}

absl::Status Annotate(const absl::Status& status, std::string_view directory) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat("the keeper of \"", directory,
                                      "\": ", status.message())};
}

}  // namespace tallyman::stacks::keeper
