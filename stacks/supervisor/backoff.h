// How long to wait before a process that keeps failing is started again.

#ifndef TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_
#define TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

struct BackoffOptions {
  absl::Duration initial = absl::Milliseconds(100);  // after the first failure
  absl::Duration max = absl::Minutes(1);
  double multiplier = 2;  // from each failure to the next; at least 1
  double jitter = 0.2;    // from 0 to 1: how far from the middle, as a part
  // A run that lasts as long is healthy: a failure after it counts as the
  // first.
  absl::Duration healthy_after = absl::Seconds(10);
};

// The delay after that many failures in a row, counted from 1; zero for less.
// Exponential up to `max`, evenly spread within the jitter, from 0 to `max`
// always: where the jitter would exceed `max`, it is spread below it, so that
// many that fail together are not started together. Options out of their ranges
// count as the nearest within.
absl::Duration BackoffDelay(const BackoffOptions& options, int failures,
                            absl::BitGenRef random);

// The number of failures in a row, after a run that lasted `ran` ended in a
// failure, `failures` being the number before it.
int CountFailure(const BackoffOptions& options, int failures,
                 absl::Duration ran);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_SUPERVISOR_BACKOFF_H_
