// MacosSystem by the calls of the running system.

#ifndef TALLYMAN_PLATFORM_MACOS_LIBPROC_SYSTEM_H_
#define TALLYMAN_PLATFORM_MACOS_LIBPROC_SYSTEM_H_

#include <memory>

#include "platform/macos/macos_system.h"

namespace tallyman::platform {

// Needs macOS 11 or newer, on arm64 or x86-64.
std::unique_ptr<MacosSystem> MakeLibprocSystem();

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_LIBPROC_SYSTEM_H_
