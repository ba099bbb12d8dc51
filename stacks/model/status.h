// The status of the instances on one server, as plain values.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_STATUS_H_
#define TALLYMAN_STACKS_MODEL_STATUS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::stacks {

enum class InstanceState : uint8_t {
  kStarting,  // The program does not run yet; a process may exist.
  kRunning,
  kPaused,        // Stopped by SIGSTOP.
  kStopping,      // In its stop sequence.
  kWaiting,       // Ended; starts again at `next_start`.
  kCrashLooping,  // As kWaiting, and ended several times in a row too early.
};
// "starting", "running", "paused", "stopping", "waiting", "crash-looping".
std::string_view InstanceStateName(InstanceState state);

struct InstanceStatus {
  int64_t number = 0;
  InstanceState state = InstanceState::kStarting;
  int32_t pid = 0;                       // 0: no process.
  std::optional<absl::Time> started_at;  // Of the process.
  // Of the last launch, also while only other processes of it are left: its
  // id, and the start of its first process as in platform::ProcessIdentity.
  // "" and -1: none.
  std::string launch;
  int64_t start_ticks = -1;
  int64_t restarts = 0;
  std::string
      last_exit;  // "exited with code 3", "killed by SIGSEGV"; "": never
  std::optional<absl::Time> last_exit_at;
  std::string last_output;               // The last line before that exit.
  std::optional<absl::Time> next_start;  // Of kWaiting and kCrashLooping.

  // Whether the program runs: kRunning and kPaused.
  bool runs() const {
    return state == InstanceState::kRunning || state == InstanceState::kPaused;
  }
};

// What the instances of one process on one server did. The numbers begin at 0
// when the server starts, and when instances are desired after none was.
struct LifeCounts {
  int64_t restarts = 0;  // Programs ran again, after an end or by request.
  int64_t exits = 0;     // Programs ended by themselves, also unseen.
  int64_t start_failures = 0;  // Programs could not be executed.
};

// The instances of one process on one server, by number. Immutable.
struct ProcessStatus {
  std::vector<InstanceStatus> instances;
  LifeCounts counts;
  int64_t running = 0;  // Includes paused instances.
  int64_t paused = 0;
};

// All instances of one server at one moment. Immutable; snapshots share parts
// that did not change.
struct StatusSnapshot {
  std::string server_uid;
  std::map<std::pair<std::string, std::string>,  // stack uid, process
           std::shared_ptr<const ProcessStatus>, std::less<>>
      processes;

  // Null if the process has no instances here.
  const ProcessStatus* Find(std::string_view stack_uid,
                            std::string_view process) const;
};

// A source of the present status. Thread-safe.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Never null. Waits for a short lock only.
  virtual std::shared_ptr<const StatusSnapshot> Status() const = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_STATUS_H_
