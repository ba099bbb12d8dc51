// One process that a test or a tool starts, signals and waits for.

#ifndef TALLYMAN_TOOLS_HARNESS_CHILD_PROCESS_H_
#define TALLYMAN_TOOLS_HARNESS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::harness {

struct ChildOptions {
  std::string program;                 // A path; $PATH is not searched.
  std::vector<std::string> arguments;  // With argv[0].
  // The whole environment; nullopt: that of this process.
  std::optional<std::vector<std::string>> environment = std::nullopt;

  // Descriptors of this process that become 0, 1 and 2; -1: /dev/null. The
  // caller keeps them. Every other descriptor must be close-on-exec.
  int input = -1;
  int output = -1;
  int error = -1;

  // kOwn keeps a ^C at the terminal away from the child.
  enum class Group { kInherited, kOwn, kOwnSession };
  Group group = Group::kInherited;

  // The child starts with all signals blocked.
  bool blocks_signals = false;

  // PR_SET_PDEATHSIG (prctl(2)): the kernel sends this signal to the child when
  // the thread that called Start() ends, also by SIGKILL. 0: none.
  int death_signal = 0;
};

// Thread-safe. Signals never reach another process that has got the pid since:
// the pid stays taken until this object has waited for it. Nothing else in the
// program may wait for the child.
class ChildProcess {
 public:
  // Returns once the child executes `program`; an error if it can't.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      ChildOptions options);

  // Kills the child if it still runs, and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // False if the child has ended.
  bool Signal(int signal) ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until the child has ended; its wait status (waitpid(2)). nullopt if
  // it still runs after `timeout`.
  std::optional<int> Wait(absl::Duration timeout = absl::InfiniteDuration())
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The wait status if the child has ended. Does not wait.
  std::optional<int> End() { return Wait(absl::ZeroDuration()); }

 private:
  ChildProcess(pid_t pid, base::UniqueFd process)
      : pid_(pid), process_(std::move(process)) {}

  const pid_t pid_;
  const base::UniqueFd process_;
  absl::Mutex mutex_;
  std::optional<int> wait_status_ ABSL_GUARDED_BY(mutex_);
};

// "exited with code 3", "killed by signal 9".
std::string DescribeEnd(int wait_status);

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_CHILD_PROCESS_H_
