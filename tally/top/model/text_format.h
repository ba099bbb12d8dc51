// Numbers and times as the page writes them (server/page/format.js), narrower.
// "-" is unknown everywhere. Bytes and durations: tally/terminal/text.h.

#ifndef TALLYMAN_TALLY_TOP_MODEL_TEXT_FORMAT_H_
#define TALLYMAN_TALLY_TOP_MODEL_TEXT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::tally {

// With separators: "12,345".
std::string FormatCount(int64_t count);

// Of one processor, with one digit: "12.5%". NaN is unknown.
std::string FormatShare(double share);

// Processor time: "0.42s", "3:07", "12:03:07". Negative is unknown.
std::string FormatCpuTime(double seconds);

// In `zone`: "14:03:12" on the day of `now`, else "2026-11-22 14:03".
std::string FormatMoment(absl::Time time, absl::Time now, absl::TimeZone zone);

// "12s ago", "in 3m05s", "now".
std::string FormatAgo(absl::Time time, absl::Time now);

// "1 process", "2 processes".
std::string Plural(int64_t n, std::string_view one, std::string_view many);

// The first characters of `text`, at most `max_bytes` bytes, fit for a terminal
// (Printable() of tally/terminal/text.h). A command line may have megabytes.
std::string ShownText(std::string_view text, size_t max_bytes = 400);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_TEXT_FORMAT_H_
