// Time as a dependency, so that tests can stand exactly on a boundary.
//
//   const Clock& clock = SystemClock();
//   if (token.expires_at <= clock.Now()) ...

#ifndef TALLYMAN_AUTH_CLOCK_H_
#define TALLYMAN_AUTH_CLOCK_H_

#include "absl/time/time.h"

namespace tallyman::auth {

// A source of time. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock: what dates and limits per hour and day are about. It may
  // jump, also backwards, when somebody sets it.
  virtual absl::Time Now() const = 0;

  // Time since some fixed moment, which never goes back: for what elapses.
  virtual absl::Duration Elapsed() const = 0;
};

// The clock of the machine (CLOCK_REALTIME and CLOCK_MONOTONIC). Never
// destroyed.
const Clock& SystemClock();

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_CLOCK_H_
