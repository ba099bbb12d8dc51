// Text of Windows, which is UTF-16, and errors of its calls.

#ifndef TALLYMAN_PLATFORM_BASE_WINDOWS_WINDOWS_TEXT_H_
#define TALLYMAN_PLATFORM_BASE_WINDOWS_WINDOWS_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tallyman::base {

// From and to UTF-8; what is no text becomes U+FFFD. Thread-safe.
std::wstring ToWide(std::string_view utf8);
std::string FromWide(std::wstring_view wide);

// An error of GetLastError(): PermissionDenied, NotFound, AlreadyExists,
// ResourceExhausted for a full disk, else Unknown with the number. Begins with
// `message`.
absl::Status WindowsError(uint32_t error, std::string_view message);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_WINDOWS_WINDOWS_TEXT_H_
