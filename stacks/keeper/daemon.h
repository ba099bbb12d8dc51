// The keeper's process: the parent of all instances. It forks an instance when
// a server asks for one, waits for its end, and keeps the exit status until a
// server has stored it. It does nothing else, so that it has no reason to fail
// or to be restarted, and it outlives the server.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_KEEPER_DAEMON_H_
#define TALLYMAN_STACKS_KEEPER_DAEMON_H_

#include <string>

#include "absl/status/status.h"
#include "platform/base/unique_fd.h"
#include "stacks/keeper/invocation.h"  // IWYU pragma: export

namespace tallyman::stacks {

// Runs the keeper of the data directory `directory` in this process, which must
// have one thread. Listens on `directory`/keeper.sock, holds a lock on
// `directory`/keeper.lock, and reports to `ready_fd` (invocation.h), which it
// closes. Accepts connections of the same user and of root only.
//
// Returns once it has no server, no child to wait for, and no exit status that
// a server has yet to store; never before.
//
// Prepares the process first: closes every other descriptor, changes to /,
// makes `directory`/keeper.log its standard error, and ignores SIGTERM, SIGINT
// and SIGHUP. Waits up to 5 s for an older keeper that is about to end;
// FailedPrecondition if that one stays.
absl::Status RunKeeper(const std::string& directory, base::UniqueFd ready_fd);

// The keeper's main() for the arguments of invocation.h: forks, ends the first
// process, so that the keeper is not its starter's child, and calls
// RunKeeper(). Returns the exit code.
int KeeperMain(int argc, char** argv);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_DAEMON_H_
