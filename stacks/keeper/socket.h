// The keeper's socket, `keeper.sock` in the data directory. It is addressed
// through a descriptor of the directory, because a path may be longer than an
// address of unix(7) (107 bytes).

#ifndef TALLYMAN_STACKS_KEEPER_SOCKET_H_
#define TALLYMAN_STACKS_KEEPER_SOCKET_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::stacks::keeper {

// Opens the directory for the other functions (O_PATH).
absl::StatusOr<base::UniqueFd> OpenDirectory(const std::string& directory);

// Replaces an earlier keeper's socket by a listening one that doesn't block, of
// mode 0600. The caller holds the keeper's lock.
absl::StatusOr<base::UniqueFd> Listen(int directory);

// Removes the socket's file: later connections fail. Ignores errors.
void RemoveSocket(int directory);

// True if a living process has the socket bound, which doesn't notice the
// question.
bool IsBound(int directory);

// Connects, with a socket that blocks. Unavailable if no process listens or
// accepts within `timeout`; FailedPrecondition if another user owns the socket.
absl::StatusOr<base::UniqueFd> Connect(int directory, absl::Duration timeout);

// The user at the other end (SO_PEERCRED, unix(7)): of an accepted connection
// the one that connected, otherwise the one that listens.
absl::StatusOr<uid_t> PeerUser(int socket);

// Prefixes an error with the keeper that it is about; leaves OK as it is.
absl::Status Annotate(const absl::Status& status, std::string_view directory);

}  // namespace tallyman::stacks::keeper

#endif  // TALLYMAN_STACKS_KEEPER_SOCKET_H_
