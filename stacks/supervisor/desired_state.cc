#include "stacks/supervisor/desired_state.h"

#include <cstdint>
#include <map>
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

using Restarts = std::map<GroupKey, std::map<int64_t, int64_t>>;

// The generations that open actions desire of single instances of the server.
Restarts OpenRestarts(const RegistrySnapshot& snapshot,
                      std::string_view server_uid) {
  Restarts restarts;
  for (const std::shared_ptr<const Action>& action : snapshot.open) {
    if (action->kind != ActionKind::kProcessRestart) continue;
    for (const ActionTarget& target : action->targets) {
      if (target.instance == 0 || target.success.has_value() ||
          target.server_uid != server_uid) {
        continue;
      }
      // Actions are by id, and generations ascend with them.
      restarts[{action->stack_uid, target.process}][target.instance] =
          target.generation;
    }
  }
  return restarts;
}

}  // namespace

void ApplyDesiredState(const RegistrySnapshot& snapshot,
                       std::string_view server_uid, InstanceTable& table) {
  std::set<GroupKey> defined;
  Restarts restarts = OpenRestarts(snapshot, server_uid);
  for (const std::shared_ptr<const Stack>& stack : snapshot.stacks) {
    if (stack->deleting) continue;
    for (const std::shared_ptr<const DesiredProcess>& process :
         stack->processes) {
      const Desired desired = DesiredOn(*process, server_uid);
      GroupKey key(stack->uid, process->definition.name);
      if (desired.count == 0 && table.Find(key) == nullptr) continue;
      InstanceGroup& group = table.FindOrAdd(key);
      const auto found = restarts.find(key);
      std::map<int64_t, int64_t> wanted;
      if (found != restarts.end()) wanted = std::move(found->second);
      if (group.definition != process || group.desired != desired ||
          group.restarts != wanted) {
        table.MarkToReconcile(key);
      }
      group.restarts = std::move(wanted);
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
