// Checks text from outside, and quotes it in messages. Thread-safe.

#ifndef TALLYMAN_PLATFORM_BASE_TEXT_H_
#define TALLYMAN_PLATFORM_BASE_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::base {

// The index of the first byte that is not valid UTF-8 (utf8.h); nullopt if all
// bytes are valid.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// The index of the first control character (IsControl() of utf8.h); nullopt if
// there is none. Invalid UTF-8 is no control character.
std::optional<size_t> FindControl(std::string_view text);

// `text` in quotation marks, on one line, for a message: with escapes as in C,
// cut between two characters after at most `max_bytes` bytes. A cut is shown as
// "...".
std::string Quote(std::string_view text, size_t max_bytes = 64);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_TEXT_H_
