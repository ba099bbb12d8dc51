// Checks of flags' values. Errors are InvalidArgument and name the flag.

#ifndef TALLYMAN_SERVER_FLAG_CHECKS_H_
#define TALLYMAN_SERVER_FLAG_CHECKS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tallyman::server {

inline absl::Status InvalidFlag(std::string_view flag,
                                std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, ": ", reason));
}

// Checks that `duration` is positive and no longer than a day.
inline absl::Status CheckDuration(std::string_view flag,
                                  absl::Duration duration) {
  if (duration <= absl::ZeroDuration() || duration > absl::Hours(24)) {
    return InvalidFlag(flag, absl::StrCat(absl::FormatDuration(duration),
                                          " is not above 0 and at most 24h"));
  }
  return absl::OkStatus();
}

inline absl::Status CheckRange(std::string_view flag, int64_t value,
                               int64_t min, int64_t max) {
  if (value < min || value > max) {
    return InvalidFlag(flag,
                       absl::StrCat(value, " is not from ", min, " to ", max));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_FLAG_CHECKS_H_
