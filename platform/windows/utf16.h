// Text of Windows (UTF-16, little-endian) as UTF-8.

#ifndef TALLYMAN_PLATFORM_WINDOWS_UTF16_H_
#define TALLYMAN_PLATFORM_WINDOWS_UTF16_H_

#include <string>
#include <string_view>

namespace tallyman::platform {

// Sets `utf8` to the text of `utf16`, which needs no alignment. The text ends
// at the first U+0000, where Windows' own functions see its end. A surrogate
// without its partner becomes U+FFFD, and so does a last odd byte. The result
// is valid UTF-8 of at most 3 bytes for 2 bytes of `utf16`. Thread-safe.
void SetUtf8(std::string_view utf16, std::string& utf8);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_UTF16_H_
