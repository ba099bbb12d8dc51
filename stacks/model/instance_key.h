// The identity of an instance on this machine.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_INSTANCE_KEY_H_
#define TALLYMAN_STACKS_MODEL_INSTANCE_KEY_H_

#include <compare>
#include <cstdint>
#include <string>

namespace tallyman::stacks {

// An instance: the number-th of a process of a stack on this machine. A plain
// value; ordered by stack, process and number.
struct InstanceKey {
  std::string stack_uid;
  std::string process;
  int64_t number = 0;  // From 1.

  // NOLINTNEXTLINE(modernize-use-nullptr): there is no pointer here.
  auto operator<=>(const InstanceKey&) const = default;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_INSTANCE_KEY_H_
