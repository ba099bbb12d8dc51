// Compares the desired instances with the present ones and orders the steps in
// between. A step that fails, or has no room yet, is ordered again later.

#ifndef TALLYMAN_STACKS_SUPERVISOR_RECONCILER_H_
#define TALLYMAN_STACKS_SUPERVISOR_RECONCILER_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance_lifecycle.h"
#include "stacks/supervisor/instance_table.h"
#include "stacks/supervisor/launcher.h"

namespace tallyman::stacks {

// Not thread-safe: belongs to the supervisor's thread.
class Reconciler {
 public:
  // All must outlive the reconciler.
  Reconciler(std::string server_uid, InstanceTable& table,
             InstanceLifecycle& lifecycle, const Launcher& launcher)
      : server_uid_(std::move(server_uid)),
        table_(table),
        lifecycle_(lifecycle),
        launcher_(launcher) {}

  // Pauses and resumes the instances that open actions of this server target.
  // Each action is applied once, to the instances that are there then.
  void ApplyPauses(const RegistrySnapshot& snapshot);

  // Reconciles the groups that the table has marked, and those that waited for
  // room in the launcher if there is some.
  void Reconcile();

 private:
  void Reconcile(InstanceGroup& group);

  const std::string server_uid_;
  InstanceTable& table_;
  InstanceLifecycle& lifecycle_;
  const Launcher& launcher_;
  std::set<GroupKey> waiting_for_room_;
  std::set<int64_t> applied_actions_;  // Ids of open pauses and resumes.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_RECONCILER_H_
