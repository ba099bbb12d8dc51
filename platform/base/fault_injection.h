// Points at which a test can end this process, to see what survives that.
//
//   base::FaultPoint("start.durable");
//
// A program that ships has no way to set a fault: only a test's program links
// //platform/testing:fault_injection_from_environment, which installs the hook.

#ifndef TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_
#define TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_

#include <atomic>
#include <string_view>

namespace tallyman::base {

using FaultHook = void (*)(std::string_view point);

// Null unless a test's program installed one.
inline std::atomic<FaultHook> fault_hook = nullptr;

// Thread-safe; costs a comparison of a pointer where no hook is installed.
inline void FaultPoint(std::string_view point) {
  if (const FaultHook hook = fault_hook.load(std::memory_order_relaxed)) {
    hook(point);
  }
}

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_FAULT_INJECTION_H_
