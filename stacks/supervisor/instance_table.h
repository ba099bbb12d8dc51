// The instances of this machine in memory, and the marks of what changed: which
// groups are to be compared with the desired state, which to be published, and
// whether an action may have ended.

#ifndef TALLYMAN_STACKS_SUPERVISOR_INSTANCE_TABLE_H_
#define TALLYMAN_STACKS_SUPERVISOR_INSTANCE_TABLE_H_

#include <set>
#include <utility>

#include "stacks/model/instance_key.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

// The group of an instance.
GroupKey GroupKeyOf(const InstanceKey& key);

// Owns groups and instances; their addresses are stable until they are erased.
// Not thread-safe: belongs to the supervisor's thread.
class InstanceTable {
 public:
  const Groups& groups() const { return groups_; }
  Groups& groups() { return groups_; }

  // Null if there is none.
  InstanceGroup* Find(const GroupKey& key);
  // Adds an empty group if there is none.
  InstanceGroup& FindOrAdd(const GroupKey& key);
  // The group of an instance of this table.
  InstanceGroup& GroupOf(const Instance& instance);
  // Erases the group if it has no instances and none are desired.
  void EraseIfUnused(const GroupKey& key);

  // Adds an instance without a process. The table must not have its key.
  Instance& Add(const InstanceKey& key);
  // Erases the instance; its group stays until EraseIfUnused().
  void Erase(const InstanceKey& key);

  // The state of the instance changed: sets all three marks.
  void MarkChanged(const InstanceKey& key);
  void MarkToReconcile(const GroupKey& key) { to_reconcile_.insert(key); }
  void MarkActionsChanged() { actions_changed_ = true; }

  bool has_to_reconcile() const { return !to_reconcile_.empty(); }
  // Each returns the marks and clears them.
  std::set<GroupKey> TakeToReconcile() {
    return std::exchange(to_reconcile_, {});
  }
  std::set<GroupKey> TakeToPublish() { return std::exchange(to_publish_, {}); }
  bool TakeActionsChanged() { return std::exchange(actions_changed_, false); }

 private:
  Groups groups_;
  std::set<GroupKey> to_reconcile_;
  std::set<GroupKey> to_publish_;
  // Set at first: actions may have ended while no server ran.
  bool actions_changed_ = true;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_INSTANCE_TABLE_H_
