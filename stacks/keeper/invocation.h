// How a server starts a keeper and learns whether it listens. The starter and
// the daemon agree here.
//
//   PROGRAM --keeper DIRECTORY READY_FD
//
// PROGRAM is the server's own program. The keeper writes one line to READY_FD:
// "ok" once it listens, else its absl::Status as text.

#ifndef TALLYMAN_STACKS_KEEPER_INVOCATION_H_
#define TALLYMAN_STACKS_KEEPER_INVOCATION_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

// The first argument that makes main() a keeper.
inline constexpr std::string_view kKeeperArgument = "--keeper";

// A keeper's argv[0] and thread name (PR_SET_NAME of prctl(2): at most 15
// characters). A child has the keeper's arguments until it executes its
// program.
inline constexpr std::string_view kKeeperProcessName = "tallyman-keeper";

namespace keeper {

// READY_FD of a keeper that StartKeeper() starts.
inline constexpr int kReadyFd = 3;

// Writes the line for `status`. Ignores errors: a starter that has ended needs
// no report.
void WriteReadiness(int fd, const absl::Status& status);

// Reads the line. FailedPrecondition as written; every other reported error is
// Unavailable, as are a keeper that ended first and one that writes nothing
// within `timeout`.
absl::Status ReadReadiness(int fd, absl::Duration timeout);

}  // namespace keeper
}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_INVOCATION_H_
