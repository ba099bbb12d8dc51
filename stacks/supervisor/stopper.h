// Stops instances, and makes sure that nothing of them is left: not in their
// process group, not in their cgroup, no daemon that carries their mark.

#ifndef TALLYMAN_STACKS_SUPERVISOR_STOPPER_H_
#define TALLYMAN_STACKS_SUPERVISOR_STOPPER_H_

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "platform/base/event_loop.h"
#include "platform/cgroup.h"
#include "platform/launch_members.h"
#include "platform/process_handle.h"
#include "stacks/model/definition.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

// Not thread-safe: lives in the thread of its loop.
class Stopper {
 public:
  // `gone` is called from Round() for an instance of which nothing is left; it
  // may start it again. `cgroups` is null where there are none. All must
  // outlive the stopper.
  Stopper(base::EventLoop& loop, const platform::CgroupParent* cgroups,
          std::function<void(Instance&)> gone)
      : loop_(loop), cgroups_(cgroups), gone_(std::move(gone)) {}

  // Begins the stop sequence of an instance whose program runs. Doing it again
  // changes nothing.
  void Stop(Instance& instance, const StopSequence& sequence);

  // The leading process has ended: `instance.exit` is set. What is left of it
  // gets the stop sequence as well.
  void LeaderEnded(Instance& instance, const StopSequence& sequence);

  // Looks what is left of those whose leader has ended. To be called in every
  // round of the loop.
  void Round();

 private:
  void Advance(Instance& instance);
  void SendSignal(Instance& instance, int signal);
  // True if the group and the cgroup are known to be empty, so that there is
  // nothing to be looked for.
  bool IsKnownToBeGone(Instance& instance) const;
  // What was found. True if nothing is left.
  bool Found(Instance& instance, std::vector<platform::ProcessHandle> members);
  void WatchCgroup(Instance& instance);
  void CheckLater(Instance& instance);
  void Finish(Instance& instance);
  void LookOnceMore();

  base::EventLoop& loop_;
  const platform::CgroupParent* const cgroups_;
  const std::function<void(Instance&)> gone_;
  // Those to look at in the next Round().
  std::set<Instance*> to_check_;
  // Those that were found to be gone without a cgroup to prove it.
  std::vector<platform::LaunchIdentity> gone_launches_;
  base::EventLoop::Registration once_more_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_STOPPER_H_
