// Runs a part of a test as on an older kernel, or as if resources had run out:
// some system calls fail (seccomp(2)).

#ifndef TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
#define TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"

namespace tallyman::platform {

// A system call that fails.
struct RefusedCall {
  uint32_t number;  // SYS_...
  int error;        // The errno.
  // If set, the call fails only if the lower 32 bits of its fourth argument,
  // args[3], have this value.
  std::optional<uint32_t> argument3;
};

// Runs `body` in a forked child for which `calls` fail, and waits for the
// child. Returns the result of `body`, which is from 0 to 254; -1 if the child
// was killed; nullopt, without running `body`, if seccomp(2) is not allowed.
std::optional<int> RunRefusing(const std::vector<RefusedCall>& calls,
                               absl::FunctionRef<int()> body);

// Runs `body` in a new thread for which `calls` fail, and in threads and
// children that it starts, and waits for the thread. Other threads are not
// affected. False, without running `body`, if seccomp(2) is not allowed.
bool RunThreadRefusing(const std::vector<RefusedCall>& calls,
                       absl::FunctionRef<void()> body);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_REFUSE_CALLS_H_
