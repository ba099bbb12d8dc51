// Starts a keeper as a daemon.

#ifndef TALLYMAN_STACKS_KEEPER_STARTER_H_
#define TALLYMAN_STACKS_KEEPER_STARTER_H_

#include <string>

#include "absl/status/status.h"

namespace tallyman::stacks {

// Starts a keeper for the data directory `directory`: in a session of its own,
// as a child of init (or of the nearest subreaper, prctl(2)), with the program
// `program`, an absolute path such as /proc/self/exe, and the arguments of
// invocation.h. Waits up to 10 s until it listens. FailedPrecondition if
// another keeper has the directory's lock; otherwise Unavailable, or the error
// of posix_spawn(3). Thread-safe.
absl::Status StartKeeper(const std::string& program,
                         const std::string& directory);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_STARTER_H_
