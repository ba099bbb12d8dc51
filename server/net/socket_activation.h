// Listening sockets that the service manager hands over (sd_listen_fds(3)):
// systemd opens them, starts the server with the first connection, and keeps
// them open while the server restarts, so that no connection is refused.
//
//   absl::StatusOr<std::vector<ListeningSocket>> sockets =
//       TakeActivatedSockets({});

#ifndef TALLYMAN_SERVER_NET_SOCKET_ACTIVATION_H_
#define TALLYMAN_SERVER_NET_SOCKET_ACTIVATION_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/net/listening_socket.h"

namespace tallyman::server {

// The environment of a process, for tests. An empty function is that of this
// process: getenv(3) and unsetenv(3), which no other thread may use meanwhile.
struct ActivationSource {
  // The value of a variable, or nullopt.
  std::function<std::optional<std::string>(const char* name)> get;
  std::function<void(const char* name)> unset;
  int first_fd = 3;  // SD_LISTEN_FDS_START
  pid_t pid = 0;     // 0: this process.
};

// The sockets that the environment names, in its order; none if there is none
// or if LISTEN_PID is another process. LISTEN_FDS is their number, and
// LISTEN_FDNAMES has a name for each, which FileDescriptorName= of the unit
// sets (systemd.socket(5)): one that begins with "https" has TLS, one that
// begins with "http" otherwise has not, and others do not say.
//
// Unsets the three variables in every case, so that children do not see them.
// Call it once, before other descriptors are opened.
//
// An error (InvalidArgument) names the variable, or the descriptor and the
// reason; the sockets before it are closed.
absl::StatusOr<std::vector<ListeningSocket>> TakeActivatedSockets(
    const ActivationSource& source);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_SOCKET_ACTIVATION_H_
