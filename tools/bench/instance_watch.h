// The instances of a stack, from /proc, without the server.

#ifndef TALLYMAN_TOOLS_BENCH_INSTANCE_WATCH_H_
#define TALLYMAN_TOOLS_BENCH_INSTANCE_WATCH_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace tallyman::bench {

// Counts processes with the name kSleepName and the stack's TALLYMAN_STACK in
// their environment: an instance has both only after execve(2). Polling is
// cheap, because a process is read only until it is classified. That assumes
// that no pid is used twice in the life of a watch: make one for each
// measurement. Not thread-safe.
class InstanceWatch {
 public:
  explicit InstanceWatch(std::string_view stack_uid);

  // Polls; the number of instances seen so far.
  size_t CountStarted();

  // True if all instances seen so far are gone, also as zombies.
  bool AllGone();

 private:
  struct Instance {
    pid_t pid = 0;
    int64_t start_ticks = 0;
  };

  const std::string variable_;
  // Classified processes: instances and others.
  absl::flat_hash_set<pid_t> known_;
  std::vector<Instance> instances_;
};

// Pids of all processes of the stack, whatever their name.
std::vector<pid_t> FindProcesses(std::string_view stack_uid);

// Sends SIGKILL to the processes of FindProcesses() until there are none; false
// if some are left after 20 seconds.
bool KillProcesses(std::string_view stack_uid);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_INSTANCE_WATCH_H_
