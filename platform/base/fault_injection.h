// Points at which a test can kill this process, to check that the state on disk
// and the other processes survive a crash there.
//
//   base::FaultPoint("start.durable");
//
// The release binary cannot be made to fail: only programs for tests link
// //platform/testing:fault_injection_from_environment, which installs the hook.

#ifndef TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_
#define TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_

#include <atomic>
#include <string_view>

namespace tallyman::base {

using FaultHook = void (*)(std::string_view point);

// Null unless the program is one for tests.
inline std::atomic<FaultHook> fault_hook = nullptr;

// Calls the hook, if there is one. Thread-safe. Without a hook the cost is one
// load and one comparison.
inline void FaultPoint(std::string_view point) {
  if (const FaultHook hook = fault_hook.load(std::memory_order_relaxed)) {
    hook(point);
  }
}

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_
