// Spans of time and sizes in bytes, as systemd and Compose write them.

#ifndef TALLYMAN_TALLY_IMPORT_UNITS_H_
#define TALLYMAN_TALLY_IMPORT_UNITS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::tally {

// "90", "1min 30s" and "infinity" of systemd.time(7), "1m30s" of Compose. A
// number without a unit is of `unit`. "m" is a minute. nullopt for other texts.
std::optional<absl::Duration> ParseTimeSpan(
    std::string_view text, absl::Duration unit = absl::Seconds(1));

// "512M", "1.5g", "64kb": units are powers of 1024, in any case. nullopt for
// other texts, and above the largest int64_t.
std::optional<int64_t> ParseByteSize(std::string_view text);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_UNITS_H_
