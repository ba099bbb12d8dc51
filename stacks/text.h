// Text from outside: whether it is UTF-8, and how messages quote it.

#ifndef TALLYMAN_STACKS_TEXT_H_
#define TALLYMAN_STACKS_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::stacks {

// The index of the first byte that is not UTF-8 as RFC 3629, section 4, has it
// (no overlong forms, no surrogates, nothing past U+10FFFF); nullopt if all is.
std::optional<size_t> FindNotUtf8(std::string_view text);

// The index of the first control character of `text`, which must be UTF-8: C0,
// DEL, C1, line and paragraph separators, and those that turn the direction of
// text around (Unicode: Bidi_Control). nullopt if there is none. Such
// characters break lines of logs or make a name look like another.
std::optional<size_t> FindControl(std::string_view text);

// `text` in quotation marks for a message, on one line: escapes as in C, and
// "..." for what is past `max_bytes`.
std::string Quote(std::string_view text, size_t max_bytes = 64);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_TEXT_H_
