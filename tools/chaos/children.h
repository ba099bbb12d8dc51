// The processes that the driver starts. It is also the nearest subreaper: what
// a killed keeper leaves behind becomes its child, and is waited for here, so
// that no run depends on what process 1 of the machine does.

#ifndef TALLYMAN_TOOLS_CHAOS_CHILDREN_H_
#define TALLYMAN_TOOLS_CHAOS_CHILDREN_H_

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace tallyman::chaos {

struct ChildCommand {
  std::string program;                   // Absolute.
  std::vector<std::string> arguments;    // With the name that it goes by.
  std::vector<std::string> environment;  // All of it.
  // Its standard descriptors; -1 is /dev/null.
  int input = -1;
  int output = -1;
  int error = -1;
  bool own_session = false;
  // Begins with all signals blocked.
  bool blocks_signals = false;
};

// Thread-safe. Signals reach only children that have not been waited for, and
// so never a process that has got the pid since.
class Children {
 public:
  // To be made while there is one thread: blocks SIGCHLD for it and those that
  // come.
  Children();
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  absl::StatusOr<pid_t> Start(const ChildCommand& command)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // False if it has ended.
  bool Signal(pid_t pid, int signal) ABSL_LOCKS_EXCLUDED(mutex_);

  // The wait status once it has ended.
  std::optional<int> EndOf(pid_t pid) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for that; nullopt if it has not ended by then.
  std::optional<int> Wait(pid_t pid, absl::Duration timeout)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Reap() ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  // By pid; nullopt while it runs. A pid that is used again is a new child.
  std::map<pid_t, std::optional<int>> started_ ABSL_GUARDED_BY(mutex_);
  std::thread reaper_;
};

// "exited with code 3", "killed by signal 9".
std::string DescribeEnd(int wait_status);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_CHILDREN_H_
