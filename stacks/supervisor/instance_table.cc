#include "stacks/supervisor/instance_table.h"

#include <cstdint>
#include <memory>

#include "absl/log/check.h"
#include "stacks/model/instance_key.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance.h"

namespace tallyman::stacks {

GroupKey GroupKeyOf(const InstanceKey& key) {
  return {key.stack_uid, key.process};
}

InstanceGroup* InstanceTable::Find(const GroupKey& key) {
  const auto group = groups_.find(key);
  return group == groups_.end() ? nullptr : &group->second;
}

InstanceGroup& InstanceTable::FindOrAdd(const GroupKey& key) {
  InstanceGroup& group = groups_[key];
  group.stack_uid = key.first;
  group.process = key.second;
  return group;
}

InstanceGroup& InstanceTable::GroupOf(const Instance& instance) {
  return groups_.at(GroupKeyOf(instance.key()));
}

void InstanceTable::EraseIfUnused(const GroupKey& key) {
  const auto group = groups_.find(key);
  if (group == groups_.end()) return;
  if (group->second.instances.empty() && group->second.desired.count == 0) {
    groups_.erase(group);
  }
}

Instance& InstanceTable::Add(const InstanceKey& key) {
  const auto [entry, is_new] =
      FindOrAdd(GroupKeyOf(key))
          .instances.emplace(key.number, std::make_unique<Instance>(key));
  CHECK(is_new) << key.process << " " << key.number;
  MarkChanged(key);
  return *entry->second;
}

void InstanceTable::Erase(const InstanceKey& key) {
  // First, since `key` may be the instance's own.
  MarkChanged(key);
  const int64_t number = key.number;
  groups_.at(GroupKeyOf(key)).instances.erase(number);
}

void InstanceTable::MarkChanged(const InstanceKey& key) {
  const GroupKey group = GroupKeyOf(key);
  to_reconcile_.insert(group);
  to_publish_.insert(group);
  actions_changed_ = true;
}

}  // namespace tallyman::stacks
