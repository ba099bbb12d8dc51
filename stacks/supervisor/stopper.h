// Stops instances, and makes sure that no process of the launch is left: not in
// its process group, not in its cgroup, no daemon with its launch id in the
// environment (platform/launch_members.h).

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

// Not thread-safe: belongs to the thread of its loop.
class Stopper {
 public:
  // Round() calls `gone` for an instance of whose launch nothing is left;
  // `gone` may start it again. `cgroups` may be null. All must outlive the
  // stopper.
  Stopper(base::EventLoop& loop, const platform::CgroupParent* cgroups,
          std::function<void(Instance&)> gone)
      : loop_(loop), cgroups_(cgroups), gone_(std::move(gone)) {}

  // Begins the stop sequence of an instance whose program runs. A second call
  // changes nothing.
  void Stop(Instance& instance, const StopSequence& sequence);

  // Call it when the leader has ended (`instance.exit` is set). The rest of the
  // launch gets the present signal of the sequence, then the following ones.
  void LeaderEnded(Instance& instance, const StopSequence& sequence);

  // Searches for the rest of the launches whose leader has ended. Call it in
  // every round of the loop: it costs nothing unless a search is due.
  void Round();

 private:
  void Advance(Instance& instance);
  void SendSignal(Instance& instance, int signal);
  // Calls CheckLater() after kRetryDelay.
  base::EventLoop::Registration CheckAfterDelay(Instance& instance);
  // True if process group and cgroup are empty, which makes a search needless.
  bool IsKnownToBeGone(Instance& instance) const;
  // Signals and watches the processes that a search found; true if there are
  // none.
  bool HandleMembers(Instance& instance,
                     std::vector<platform::ProcessHandle> members);
  void WatchCgroup(Instance& instance);
  void CheckLater(Instance& instance);
  void Finish(Instance& instance);
  // Kills what the last search for a launch without a cgroup missed.
  void KillMissedMembers();

  base::EventLoop& loop_;
  const platform::CgroupParent* const cgroups_;
  const std::function<void(Instance&)> gone_;
  std::set<Instance*> to_check_;  // In the next Round().
  // Launches that seem to be gone, without a cgroup as proof.
  std::vector<platform::LaunchIdentity> gone_launches_;
  base::EventLoop::Registration missed_timer_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_STOPPER_H_
