// Where keeper and server meet: the socket in the data directory. Its path is
// taken through a descriptor of the directory, because a path may be longer
// than an address of unix(7) (107 bytes).

#ifndef TALLYMAN_STACKS_KEEPER_SOCKET_H_
#define TALLYMAN_STACKS_KEEPER_SOCKET_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::stacks::keeper {

// For the other functions; good for nothing but paths (O_PATH).
absl::StatusOr<base::UniqueFd> OpenDirectory(const std::string& directory);

// Replaces what an earlier keeper has left and listens, without blocking, with
// mode 0600. The caller holds the keeper's lock.
absl::StatusOr<base::UniqueFd> Listen(int directory);

// Removes the socket, so that nobody connects any more.
void RemoveSocket(int directory);

// True if a living process has the socket. Unlike Connect() it isn't noticed
// there.
bool IsBound(int directory);

// A blocking connection. Unavailable if nobody listens, or if nobody accepts
// within `timeout`; FailedPrecondition if it is another user's socket.
absl::StatusOr<base::UniqueFd> Connect(int directory, absl::Duration timeout);

// Who is at the other end: for an accepted connection who connected, else who
// listens (SO_PEERCRED).
absl::StatusOr<uid_t> PeerUser(int socket);

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_SOCKET_H_
