// An instance as the supervisor holds it in memory.

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

// Where an instance is on its way; docs/lifecycle.md draws it.
enum class Phase : uint8_t {
  kWaiting,   // No process. `retry` starts one, unless it waits for the keeper.
  kSpawning,  // The keeper was asked to fork.
  kHeld,      // Forked; its identity is being made durable.
  kReleased,  // Let go; it is not known yet whether its program was executed.
  kRunning,   // Its program was executed (and may have ended: see `exit`).
};

// A stop sequence under way, and the hunt for what is left of a launch.
struct Stopping {
  StopSequence sequence;
  size_t next_step = 0;
  base::EventLoop::Registration timer;
  // What was left when it was last looked, and is waited for.
  std::vector<platform::ProcessHandle> members;
  std::vector<base::EventLoop::Registration> member_watches;
  base::UniqueFd cgroup_events;
  base::EventLoop::Registration cgroup_watch;
};

// How the leading process of a launch ended.
struct ExitReport {
  std::string text;   // "exited with code 3"
  bool lost = false;  // It ended unseen.
  bool never_ran = false;
  absl::Duration ran;  // None if its program was not seen to run.
  absl::Time at;       // Or when it was noticed.
};

struct Instance {
  explicit Instance(InstanceKey k) { record.key = std::move(k); }
  const InstanceKey& key() const { return record.key; }
  bool has_process() const { return phase != Phase::kWaiting; }
  // The count of what runs: paused ones are in it.
  bool runs() const {
    return phase == Phase::kRunning && !stopping && !exit.has_value();
  }

  InstanceRecord record;
  Phase phase = Phase::kWaiting;

  // The launch under way: record.launch once its child is there.
  std::string launch;
  std::string launch_hash;
  int64_t generation = 0;
  bool has_cgroup = false;
  std::optional<platform::LaunchSpec> spec;  // Until its program runs.
  std::optional<platform::Gate> gate;        // Until it is decided.
  base::EventLoop::Registration gate_watch;
  std::optional<platform::ProcessHandle> handle;
  // Its parent is not the present keeper, so its end is seen by its handle.
  bool orphan = false;
  base::EventLoop::Registration end_watch;

  // It is to go for good once it has stopped.
  bool leaving = false;
  // It is to start again once it has stopped; why, for the event.
  std::string restart_cause;
  std::string stop_cause;  // Likewise for the stop.
  std::optional<Stopping> stopping;
  std::optional<ExitReport> exit;  // Its leading process has ended.

  // Restarts.
  int failures = 0;  // Since it was last healthy.
  base::EventLoop::Registration retry;
  std::optional<absl::Time> next_start;
  std::string failure;  // Why its program can't be executed.

  // It has run for long enough to count as running for an action.
  bool settled = false;
  base::EventLoop::Registration settle_timer;
  absl::Duration running_since;  // On EventLoop's clock.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_H_
