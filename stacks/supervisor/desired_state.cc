#include "stacks/supervisor/desired_state.h"

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "stacks/model/registry.h"
#include "stacks/supervisor/group.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {
namespace {

Desired DesiredOn(const DesiredProcess& process, std::string_view server_uid) {
  const auto here = process.servers.find(server_uid);
  return here == process.servers.end() ? Desired{} : here->second;
}

}  // namespace

void ApplyDesiredState(const RegistrySnapshot& snapshot,
                       std::string_view server_uid, InstanceTable& table) {
  std::set<GroupKey> defined;
  for (const std::shared_ptr<const Stack>& stack : snapshot.stacks) {
    if (stack->deleting) continue;
    for (const std::shared_ptr<const DesiredProcess>& process :
         stack->processes) {
      const Desired desired = DesiredOn(*process, server_uid);
      GroupKey key(stack->uid, process->definition.name);
      if (desired.count == 0 && table.Find(key) == nullptr) continue;
      InstanceGroup& group = table.FindOrAdd(key);
      if (group.definition != process || group.desired != desired) {
        table.MarkToReconcile(key);
      }
      group.stack = stack;
      group.definition = process;
      group.desired = desired;
      group.stop_sequence = process->definition.stop_sequence;
      defined.insert(std::move(key));
    }
  }
  for (auto& [key, group] : table.groups()) {
    if (defined.contains(key) ||
        (group.definition == nullptr && group.desired.count == 0)) {
      continue;
    }
    group.stack = nullptr;
    group.definition = nullptr;
    group.desired.count = 0;
    table.MarkToReconcile(key);
  }
}

}  // namespace tallyman::stacks
