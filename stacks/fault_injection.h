// Ends this very process at a chosen point, for tests of what survives that.
// Does nothing unless the environment asks for it:
//
//   TALLYMAN_FAULT=start.durable:3   at the third time that the point is met
//
// The process gets SIGKILL, as from outside. Points are named where they are.

#ifndef TALLYMAN_STACKS_FAULT_INJECTION_H_
#define TALLYMAN_STACKS_FAULT_INJECTION_H_

#include <string_view>

namespace tallyman::stacks {

// Thread-safe; costs a comparison of a pointer where nothing is asked for.
void FaultPoint(std::string_view name);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_FAULT_INJECTION_H_
