#include "stacks/supervisor/reconciler.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

void Reconciler::ApplyPauses(const RegistrySnapshot& snapshot) {
  std::set<int64_t> open;
  for (const std::shared_ptr<const Action>& action : snapshot.open) {
    open.insert(action->id);
    const bool paused = action->kind == ActionKind::kProcessPause;
    if (!paused && action->kind != ActionKind::kProcessResume) continue;
    if (!applied_actions_.insert(action->id).second) continue;
    for (const ActionTarget& target : action->targets) {
      if (target.server_uid != server_uid_ || target.success) continue;
      InstanceGroup* const group =
          table_.Find({action->stack_uid, target.process});
      if (group == nullptr) continue;
      for (Instance* const instance : group->Staying()) {
        if (target.instance != 0 && instance->key().number != target.instance) {
          continue;
        }
        lifecycle_.SetPaused(*instance, paused,
                             absl::StrCat("action ", action->id));
      }
      // Not added yet by this server: once more when it is.
      if (target.instance != 0 &&
          group->FindStaying(target.instance) == nullptr) {
        applied_actions_.erase(action->id);
      }
    }
  }
  std::erase_if(applied_actions_,
                [&](int64_t id) { return !open.contains(id); });
}

void Reconciler::Reconcile() {
  std::set<GroupKey> keys = table_.TakeToReconcile();
  if (launcher_.has_room()) keys.merge(std::exchange(waiting_for_room_, {}));
  for (const GroupKey& key : keys) {
    InstanceGroup* const group = table_.Find(key);
    if (group == nullptr) continue;
    Reconcile(*group);
    table_.EraseIfUnused(key);
  }
}

void Reconciler::Reconcile(InstanceGroup& group) {
  const GroupKey key(group.stack_uid, group.process);
  const Plan plan = MakePlan(group);
  const std::string cause =
      group.definition == nullptr
          ? "not in the definition any more"
          : absl::StrCat("scaled to ", group.desired.count);
  for (Instance* const instance : plan.remove) {
    lifecycle_.Remove(*instance, cause);
  }
  for (Instance* const instance : plan.restart) {
    lifecycle_.Restart(*instance,
                       instance->launch_hash != group.definition->launch_hash
                           ? "its definition changed"
                           : "a restart was asked for");
  }
  for (const int64_t number : plan.add) {
    table_.Add({.stack_uid = group.stack_uid,
                .process = group.process,
                .number = number});
  }
  for (const auto& [number, instance] : group.instances) {
    // A new definition, or a requested restart, does not wait for the backoff.
    if (!instance->has_process() && instance->retry.active() &&
        group.definition != nullptr && IsOutdated(group, *instance)) {
      lifecycle_.SkipBackoff(*instance);
    }
    if (!lifecycle_.StartIfDue(*instance)) waiting_for_room_.insert(key);
  }
}

}  // namespace tallyman::stacks
