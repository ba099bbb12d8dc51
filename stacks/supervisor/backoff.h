// The delay before an instance that keeps failing is started again.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_
#define TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(100);  // After the first failure.
  absl::Duration max = absl::Minutes(1);
  double multiplier = 2;  // From each failure to the next; at least 1.
  double jitter = 0.2;    // The spread around the delay, as a part; 0 to 1.
  // A run of at least this is healthy: a failure after it counts as the first.
  absl::Duration healthy_after = absl::Seconds(10);
};

// The delay after `failures` failures in a row, counted from 1; zero for less.
// It grows exponentially up to `max` and is spread evenly by the jitter, so
// that instances that fail together do not start together. Always from 0 to
// `max`: where the jitter would exceed `max`, the spread ends there. Options
// out of their ranges count as the nearest value within.
absl::Duration BackoffDelay(const BackoffOptions& options, int failures,
                            absl::BitGenRef random);

// Failures in a row, without a healthy run in between, from which on an
// instance counts as crash-looping.
inline constexpr int kCrashLoop = 3;

// The number of failures in a row after a run of `ran` ended in a failure;
// `failures` is the number before that run.
int CountFailure(const BackoffOptions& options, int failures,
                 absl::Duration ran);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_
