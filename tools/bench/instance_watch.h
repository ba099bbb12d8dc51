// The instances of a stack as the kernel sees them, whatever a server says.

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

// Of processes with the name kSleepName and TALLYMAN_STACK of the stack in
// their environment: both are theirs only when their program was executed.
// Looking again and again is cheap: each process is read until it is known what
// it is, and no more. That relies on no pid being used twice in the life of a
// watch, so one is meant for one measurement. Not thread-safe.
class InstanceWatch {
 public:
  explicit InstanceWatch(std::string_view stack_uid);

  // Looks for new ones; how many were seen in all.
  size_t Look();

  // Whether those that were seen are gone, also as zombies.
  bool AllGone();

 private:
  struct Instance {
    pid_t pid = 0;
    int64_t start_ticks = 0;
  };

  const std::string variable_;
  // Seen instances, and what is no instance.
  absl::flat_hash_set<pid_t> known_;
  std::vector<Instance> instances_;
};

// Pids of all processes of the stack, also of programs other than kSleepName.
std::vector<pid_t> FindProcesses(std::string_view stack_uid);

// SIGKILL to those that FindProcesses() finds, until there are none; false if
// some are left after a while.
bool KillProcesses(std::string_view stack_uid);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_INSTANCE_WATCH_H_
