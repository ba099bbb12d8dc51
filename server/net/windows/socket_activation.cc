#include "server/net/socket_activation.h"

#include <vector>

#include "absl/status/statusor.h"
#include "server/net/listening_socket.h"

namespace tallyman::server {

// Service managers of Windows hand over no sockets.
absl::StatusOr<std::vector<ListeningSocket>> TakeActivatedSockets(
    const ActivationSource& /*source*/) {
  return std::vector<ListeningSocket>();
}

}  // namespace tallyman::server
