// Makes a part of a test feel like one on an older kernel.

#ifndef TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
#define TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"

namespace tallyman::platform {

// A system call that is to fail.
struct RefusedCall {
  uint32_t number;  // SYS_...
  int error;
  // Only if the lower half of argument 3 (from 0) is this, if set.
  std::optional<uint32_t> argument3;
};

// Runs `body` in a child of this process for which these calls fail
// (seccomp(2)) and waits for it. What `body` returned, from 0 to 254; -1 if it
// did not return; nullopt if it was not run, as seccomp(2) is not allowed.
std::optional<int> RunRefusing(const std::vector<RefusedCall>& calls,
                               absl::FunctionRef<int()> body);

// Runs `body` in a thread of this process for which these calls fail, and waits
// for it; other threads are not affected. False if `body` was not run, as
// seccomp(2) is not allowed.
bool RunThreadRefusing(const std::vector<RefusedCall>& calls,
                       absl::FunctionRef<void()> body);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
