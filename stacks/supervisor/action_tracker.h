// Decides when actions have reached what they are for, or can't in time.

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

namespace tallyman::stacks {

// Not thread-safe: lives in the thread of its loop.
class ActionTracker {
 public:
  struct Options {
    std::string server_uid;
    // How long an action may take, besides the stop sequences that belong to
    // it. Counted from when this server first sees it.
    absl::Duration deadline = absl::Seconds(60);
  };
  // `on_deadline` is called when Evaluate() is due because of a deadline.
  ActionTracker(Options options, base::EventLoop& loop,
                std::function<void()> on_deadline)
      : options_(std::move(options)),
        loop_(loop),
        on_deadline_(std::move(on_deadline)) {}

  // The ends of targets of this server, of the open actions of `snapshot`.
  std::vector<TargetOutcome> Evaluate(const RegistrySnapshot& snapshot,
                                      const Groups& groups);

 private:
  struct Open {
    absl::Duration deadline;  // On EventLoop's clock.
    base::EventLoop::Registration timer;
  };

  const Options options_;
  base::EventLoop& loop_;
  const std::function<void()> on_deadline_;
  std::map<int64_t, Open> open_;  // By action.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_ACTION_TRACKER_H_
