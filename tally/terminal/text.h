// Text for a terminal: safe, measured and cut. Thread-safe.
//
// Example: tally/terminal/text_test.cc

#ifndef TALLYMAN_TALLY_TERMINAL_TEXT_H_
#define TALLYMAN_TALLY_TERMINAL_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::tally {

// `text` without anything that a terminal would obey: control characters become
// "·" (a tab and a line break a space), directional formatting characters of
// Unicode too, and bytes that are not UTF-8 become U+FFFD.
std::string Printable(std::string_view text);

// The columns that a printable text takes (by Unicode's East Asian
// Width: 2 for wide characters, 0 for combining ones).
int Columns(std::string_view text);

// At most `columns` columns of `text`, the last of them "…" if it was cut.
std::string Cut(std::string_view text, int columns);

// "812", "4.1K", "12.0M", "1.5G": powers of 1024; "-" for a negative number.
std::string HumanBytes(int64_t bytes);

// "3s", "4m12s", "5h03m", "12d04h"; "-" for a negative one.
std::string HumanDuration(absl::Duration duration);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TERMINAL_TEXT_H_
