// What really runs on this machine, as the API shows it: plain values.

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
  kStarting,  // forked, or about to be; its program does not run yet
  kRunning,
  kPaused,        // stopped by SIGSTOP
  kStopping,      // in its stop sequence
  kWaiting,       // it ended; starts again at `next_start`
  kCrashLooping,  // likewise, and it ended several times without being healthy
};
// "starting", "running", "paused", "stopping", "waiting", "crash-looping".
std::string_view InstanceStateName(InstanceState state);

struct InstanceStatus {
  int64_t number = 0;
  InstanceState state = InstanceState::kStarting;
  int32_t pid = 0;                       // 0: it has no process.
  std::optional<absl::Time> started_at;  // Of the process.
  int64_t restarts = 0;
  std::string last_exit;  // "exited with code 3", "killed by SIGSEGV"; "" never
  std::optional<absl::Time> last_exit_at;
  std::string last_output;  // The last line that it wrote before that.
  std::optional<absl::Time> next_start;  // kWaiting, kCrashLooping.

  // True while its program runs: kRunning and kPaused.
  bool runs() const {
    return state == InstanceState::kRunning || state == InstanceState::kPaused;
  }
};

// The instances of one process on one server, by number. Immutable.
struct ProcessStatus {
  std::vector<InstanceStatus> instances;
  int64_t running = 0;  // Those that run, paused ones included.
  int64_t paused = 0;
};

// All of one server at one moment. Immutable; parts are shared between
// snapshots until they change.
struct StatusSnapshot {
  std::string server_uid;
  std::map<std::pair<std::string, std::string>,  // stack uid, process
           std::shared_ptr<const ProcessStatus>, std::less<>>
      processes;

  // Null if there is nothing of it.
  const ProcessStatus* Find(std::string_view stack_uid,
                            std::string_view process) const;
};

// Where the present status comes from. Thread-safe.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Never null, and never waits for anything but a short lock.
  virtual std::shared_ptr<const StatusSnapshot> Status() const = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_STATUS_H_
