// Errors and the start of Winsock.

#ifndef TALLYMAN_PLATFORM_BASE_WINDOWS_WINSOCK_H_
#define TALLYMAN_PLATFORM_BASE_WINDOWS_WINSOCK_H_

#include <string_view>

#include "absl/status/status.h"

namespace tallyman::base {

// WSAStartup(), once in a process. Thread-safe.
absl::Status StartWinsock();

// The errno that POSIX has for an error of WSAGetLastError(): EAGAIN for
// WSAEWOULDBLOCK. EIO for those that it has none for.
int ErrnoOfWinsock(int error);

// WSAGetLastError() as absl::ErrnoToStatus() has it.
absl::Status LastSocketError(std::string_view message);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WINDOWS_WINSOCK_H_
