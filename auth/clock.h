// Time as a dependency, so that tests can set it to an exact boundary.
//
// Example: auth/rate_limiter_example_test.cc

#ifndef TALLYMAN_AUTH_CLOCK_H_
#define TALLYMAN_AUTH_CLOCK_H_

#include "absl/time/time.h"

namespace tallyman::auth {

// A source of time. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: for dates and for limits per hour and day. It jumps, also
  // backwards, when an operator or NTP sets it.
  virtual absl::Time Now() const = 0;

  // Time since an unspecified fixed moment; never goes back. For durations.
  virtual absl::Duration Elapsed() const = 0;
};

// The clock of the machine (CLOCK_REALTIME and CLOCK_MONOTONIC). Never
// destroyed.
const Clock& SystemClock();

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_CLOCK_H_
