// The health of a stack: all its processes, compared with their instances.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_STACK_HEALTH_H_
#define TALLYMAN_STACKS_MODEL_STACK_HEALTH_H_

#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::stacks {

// Of a stack or a server. The API shows the numbers: they never change.
enum class Health : int {
  kUnknown = 0,
  kBuilding = 1,
  kImpaired = 2,
  kHealthy = 3,
  kFailed = 4,
};

// The health of a stack of `registry`; the first that applies:
//   unknown   instances are desired, but none on the server of `status`
//   failed    no instance runs, and at least one ends again and again
//   impaired  at least one instance has ended and waits to be started again
//   building  the numbers that run and are desired differ, an instance starts
//             or stops, or an action is open
//   healthy   as many instances run as desired
Health StackHealth(const Stack& stack, const RegistrySnapshot& registry,
                   const StatusSnapshot& status);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_STACK_HEALTH_H_
