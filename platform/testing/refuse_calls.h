// Makes a process of a test feel like one on an older kernel.

#ifndef TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
#define TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace tallyman::platform {

// A system call that is to fail.
struct RefusedCall {
  uint32_t number;  // SYS_...
  int error;
  // Only if the lower half of argument 3 (from 0) is this, if set.
  std::optional<uint32_t> argument3;
};

// From now on, in this process and what it starts, these calls fail
// (seccomp(2)); there is no way back. False if that is not allowed.
bool RefuseCalls(const std::vector<RefusedCall>& calls);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
