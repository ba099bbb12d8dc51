// The keeper of a server: the process that outlives it and holds its instances.

#ifndef TALLYMAN_TOOLS_HARNESS_KEEPER_H_
#define TALLYMAN_TOOLS_HARNESS_KEEPER_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace tallyman::harness {

// The pid in the data directory's keeper.lock, if the process with that pid is
// a keeper of this directory, as its arguments say. NotFound if there is none,
// or it has ended: the lock file outlives its keeper.
absl::StatusOr<pid_t> FindKeeper(const std::string& data_dir);

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_KEEPER_H_
