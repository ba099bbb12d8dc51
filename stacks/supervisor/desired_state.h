// Brings the desired state, as the registry has it, into the instance table.

#ifndef TALLYMAN_STACKS_SUPERVISOR_DESIRED_STATE_H_
#define TALLYMAN_STACKS_SUPERVISOR_DESIRED_STATE_H_

#include <string_view>

#include "stacks/model/registry.h"
#include "stacks/supervisor/instance_table.h"

namespace tallyman::stacks {

// Sets definition, desired count, restarts and stop sequence of each group to
// those of `snapshot` for the server, adds groups that it lacks, and marks the
// groups that changed to be reconciled. A group whose process or stack is gone,
// or whose stack is being removed, keeps its stop sequence only; its count is
// 0.
void ApplyDesiredState(const RegistrySnapshot& snapshot,
                       std::string_view server_uid, InstanceTable& table);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_DESIRED_STATE_H_
