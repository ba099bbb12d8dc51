// Decides when the targets of actions are reached, and when they are too late.
// It reads and decides only; ActionReporter reports its decisions.

#ifndef TALLYMAN_STACKS_SUPERVISOR_ACTION_TRACKER_H_
#define TALLYMAN_STACKS_SUPERVISOR_ACTION_TRACKER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "platform/base/event_loop.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/signaller.h"

namespace tallyman::stacks {

// Not thread-safe: belongs to the thread of its loop.
class ActionTracker {
 public:
  struct Options {
    std::string server_uid;
    // How long an action may take from when this server first sees it, besides
    // the longest stop sequence that it causes.
    absl::Duration deadline = absl::Seconds(60);
  };
  // Calls `on_deadline` when a deadline has passed: Evaluate() is due then.
  ActionTracker(Options options, base::EventLoop& loop,
                std::function<void()> on_deadline)
      : options_(std::move(options)),
        loop_(loop),
        on_deadline_(std::move(on_deadline)) {}

  // The outcomes of this server's targets of the open actions of `snapshot`: of
  // those that are reached, with success, and of those that are too late, or
  // cannot be reached. The removal of a stack is never too late. `signals` are
  // the results of the actions that send signals.
  std::vector<TargetOutcome> Evaluate(const RegistrySnapshot& snapshot,
                                      const Groups& groups,
                                      const SignalResults& signals);

 private:
  struct Open {
    absl::Duration deadline;  // On the clock of EventLoop::Now().
    base::EventLoop::Registration timer;
  };

  const Options options_;
  base::EventLoop& loop_;
  const std::function<void()> on_deadline_;
  std::map<int64_t, Open> open_;  // By action.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_ACTION_TRACKER_H_
