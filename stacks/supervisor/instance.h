// An instance as the supervisor holds it in memory: the part that
// InstanceStore keeps, and the state of the launch in progress. Launcher,
// Stopper and InstanceLifecycle share it; each field says who sets it unless
// that is the lifecycle.

#ifndef TALLYMAN_STACKS_SUPERVISOR_INSTANCE_H_
#define TALLYMAN_STACKS_SUPERVISOR_INSTANCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/launch_members.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/supervisor/instance_store.h"

namespace tallyman::stacks {

// The phase of a launch; docs/lifecycle.md draws the transitions. Set by the
// launcher.
enum class Phase : uint8_t {
  kWaiting,   // No process: waits for `retry`, or for room in the launcher.
  kSpawning,  // The keeper was asked to fork.
  kHeld,      // Forked; its identity is being made durable.
  kReleased,  // The gate is open; whether the program is executed is unknown.
  kRunning,   // The program was executed; if `exit` is set it has ended.
};

// A stop sequence in progress, and the search for processes of the launch that
// outlive its first one. Set by the stopper.
struct Stopping {
  StopSequence sequence;
  size_t next_step = 0;
  base::EventLoop::Registration timer;  // For the next step.
  // The processes that the last search found; their ends are watched.
  std::vector<platform::ProcessHandle> members;
  std::vector<base::EventLoop::Registration> member_watches;
  base::UniqueFd cgroup_events;
  base::EventLoop::Registration cgroup_watch;
};

// How the first process of a launch (its leader) ended.
struct ExitReport {
  std::string text;        // "exited with code 3"
  bool lost = false;       // It ended unseen: its exit code is unknown.
  bool never_ran = false;  // It ended at the gate.
  // From OnRunning() to the end; zero if the program was not seen to run. Set
  // by the lifecycle.
  absl::Duration ran;
  absl::Time at;  // The time at which the server recorded the end.
};

struct Instance {
  explicit Instance(InstanceKey k) { record.key = std::move(k); }
  const InstanceKey& key() const { return record.key; }
  bool has_process() const { return phase != Phase::kWaiting; }
  // True from the execution of the program until it ends or is stopped, also
  // while it is paused.
  bool runs() const {
    return phase == Phase::kRunning && !stopping && !exit.has_value();
  }

  InstanceRecord record;
  Phase phase = Phase::kWaiting;

  // The launch in progress; `record.launch` has it once the child is forked.
  std::string launch;  // 32 hex digits.
  std::string launch_hash;
  int64_t generation = 0;
  bool has_cgroup = false;
  // The following are set by the launcher.
  std::optional<platform::LaunchSpec> spec;  // Until the program runs.
  std::optional<platform::Gate> gate;        // Until its outcome is known.
  base::EventLoop::Registration gate_watch;
  std::optional<platform::ProcessHandle> handle;
  // The parent is not the present keeper: the end is seen through `handle`.
  bool orphan = false;
  // Active while the end is awaited without a report of the keeper.
  base::EventLoop::Registration end_watch;

  // The instance is erased once it has stopped.
  bool leaving = false;
  // Why it starts again once it has stopped, for the event; "" if no restart
  // is pending.
  std::string restart_cause;
  std::string stop_cause;  // Why it is stopped, for the event; "" if it is not.
  std::optional<Stopping> stopping;
  std::optional<ExitReport> exit;  // Set by the launcher once the leader ended.

  // Restarts.
  int failures = 0;                      // In a row; see backoff.h.
  base::EventLoop::Registration retry;   // Active while it waits to start.
  std::optional<absl::Time> next_start;  // When that is, for the API.
  std::string failure;  // Why its program can't be executed; "" if it can.

  // It has run for long enough to count as running for an action.
  bool settled = false;
  base::EventLoop::Registration settle_timer;
  absl::Duration running_since;  // On the clock of EventLoop::Now().
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_H_
