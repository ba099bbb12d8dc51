#include "server/handlers/instance_owners.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "api/host/process_owners.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {

std::shared_ptr<const api::ProcessOwners> OwnersOf(
    const stacks::RegistrySnapshot& registry,
    const stacks::StatusSnapshot& status) {
  absl::flat_hash_map<std::string_view, std::string_view> names;  // By uid.
  for (const auto& stack : registry.stacks) names[stack->uid] = stack->name;
  std::vector<api::RunningInstance> instances;
  for (const auto& [key, process] : status.processes) {
    for (const stacks::InstanceStatus& instance : process->instances) {
      if (instance.launch.empty()) continue;
      const auto name = names.find(key.first);
      instances.push_back(
          {.stack_uid = key.first,
           .stack_name = std::string(name == names.end() ? "" : name->second),
           .process = key.second,
           .number = instance.number,
           .pid = instance.pid,
           .start_ticks = instance.start_ticks,
           .launch = instance.launch});
    }
  }
  return std::make_shared<const api::ProcessOwners>(std::move(instances));
}

}  // namespace tallyman::server
