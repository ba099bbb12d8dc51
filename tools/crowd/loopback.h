// Sockets to a server on this machine, in numbers that exceed the ports of one
// source address.

#ifndef TALLYMAN_TOOLS_CROWD_LOOPBACK_H_
#define TALLYMAN_TOOLS_CROWD_LOOPBACK_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::crowd {

struct LoopbackOptions {
  int port = 0;
  // Chooses one of 64 source addresses, 127.0.1.1 to 127.0.1.64: each has as
  // many ports as ip_local_port_range (ip(7)) allows.
  size_t index = 0;
  // The socket does not block; it may still be connecting. Otherwise each
  // receive waits for at most a minute.
  bool non_blocking = false;
  // SO_RCVBUF in bytes, as socket(7) has it; 0: the system's.
  int receive_buffer = 0;
};

// A TCP socket, connected to 127.0.0.1 or about to be. Thread-safe.
absl::StatusOr<base::UniqueFd> ConnectLoopback(const LoopbackOptions& options);

// A TCP port of 127.0.0.1 that is free at the moment.
absl::StatusOr<int> FindFreePort();

// Raises the soft limit on descriptors to the hard one. ResourceExhausted if
// that is less than `needed`.
absl::Status AllowDescriptors(size_t needed);

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_LOOPBACK_H_
