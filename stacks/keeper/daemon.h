// The keeper: the parent of all instances. It forks them when a server asks it
// to, waits for them, and remembers how they ended until a server has written
// that down; it does nothing else, so that it has no reason to fail or to be
// started anew. It outlives the server.

#ifndef TALLYMAN_STACKS_KEEPER_DAEMON_H_
#define TALLYMAN_STACKS_KEEPER_DAEMON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "platform/base/unique_fd.h"

namespace tallyman::stacks {

// The first argument that makes main() a keeper: PROGRAM kKeeperArgument DIR
// FD.
inline constexpr std::string_view kKeeperArgument = "--keeper";

// What a keeper calls itself (argv[0], and PR_SET_NAME of prctl(2), which takes
// 15 characters). A child has its arguments until it
// executes its program.
inline constexpr std::string_view kKeeperProcessName = "tallyman-keeper";

// Runs the keeper of the data directory `directory`; the process must have one
// thread. Listens on `directory`/keeper.sock and holds a lock on
// `directory`/keeper.lock. Writes "ok\n", or one line that says what is in the
// way, to `ready_fd` and closes it. Returns when the connection to its server
// has ended and it has no children left to wait for or to report (never while
// it has). Only processes of the same user, or of root, may connect.
//
// Makes the process fit for that first: no descriptors but these, / as its
// directory, `directory`/keeper.log as standard error, and no end by SIGTERM,
// SIGINT or SIGHUP. Waits a few seconds for an older keeper that is about to
// end; FailedPrecondition if it stays.
absl::Status RunKeeper(const std::string& directory, base::UniqueFd ready_fd);

// The keeper's main(): for the arguments above, leaves its parent (forks and
// ends the first process) and calls RunKeeper(). Returns the exit code.
int KeeperMain(int argc, char** argv);

// Starts a keeper for `directory` as a daemon: in a session of its own, as a
// child of init (or of the nearest subreaper), with the program `program`
// (an absolute path, such as /proc/self/exe) and the arguments above. Waits
// until it listens. FailedPrecondition if another one has the lock.
// Thread-safe.
absl::Status StartKeeper(const std::string& program,
                         const std::string& directory);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_DAEMON_H_
