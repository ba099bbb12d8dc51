// The calls of Windows: kernel32, ntdll and advapi32.

#ifndef TALLYMAN_PLATFORM_WINDOWS_WIN32_SYSTEM_H_
#define TALLYMAN_PLATFORM_WINDOWS_WIN32_SYSTEM_H_

#include <memory>

#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// The system that this program runs on: 64-bit Windows 7 or newer, or Wine.
std::unique_ptr<WindowsSystem> MakeWin32System();

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_WIN32_SYSTEM_H_
