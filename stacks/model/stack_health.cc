#include "stacks/model/stack_health.h"

#include <cstdint>
#include <memory>

#include "absl/algorithm/container.h"
#include "stacks/model/process_state.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::stacks {

Health StackHealth(const Stack& stack, const RegistrySnapshot& registry,
                   const StatusSnapshot& status) {
  InstanceCounts all;
  int64_t desired_here = 0;
  for (const std::shared_ptr<const DesiredProcess>& process : stack.processes) {
    all += CountInstances(stack, *process, status, "");
    desired_here +=
        CountInstances(stack, *process, status, status.server_uid).desired;
  }
  if (all.desired > 0 && desired_here == 0) return Health::kUnknown;
  if (all.running == 0 && all.crash_looping > 0) return Health::kFailed;
  if (all.waiting + all.crash_looping > 0) return Health::kImpaired;
  const bool is_busy =
      stack.deleting ||
      absl::c_any_of(registry.open,
                     [&](const std::shared_ptr<const Action>& action) {
                       return action->stack_uid == stack.uid;
                     });
  if (is_busy || all.running != all.desired ||
      all.starting + all.stopping > 0) {
    return Health::kBuilding;
  }
  return Health::kHealthy;
}

}  // namespace tallyman::stacks
