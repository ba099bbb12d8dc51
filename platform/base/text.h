// Text from outside: whether it is UTF-8, and how messages quote it.

#ifndef TALLYMAN_PLATFORM_BASE_TEXT_H_
#define TALLYMAN_PLATFORM_BASE_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::base {

// The index of the first byte that is not UTF-8 (utf8.h); nullopt if all is.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// The index of the first control character (utf8.h) of `text`, which must be
// UTF-8; nullopt if there is none.
std::optional<size_t> FindControl(std::string_view text);

// `text` in quotation marks for a message, on one line: escapes as in C, and
// "..." for what is past `max_bytes`.
std::string Quote(std::string_view text, size_t max_bytes = 64);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_TEXT_H_
