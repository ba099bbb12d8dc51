// When a delivery that failed is tried again, and when it is given up.

#ifndef TALLYMAN_STACKS_WEBHOOKS_RETRY_SCHEDULE_H_
#define TALLYMAN_STACKS_WEBHOOKS_RETRY_SCHEDULE_H_

#include <cstdint>

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

struct RetryOptions {
  absl::Duration first_delay = absl::Seconds(5);
  absl::Duration max_delay = absl::Hours(1);
  int64_t max_attempts = 12;
  absl::Duration max_age = absl::Hours(24);
};

// The delay after `attempts` failures in a row, counted from 1: doubled by each
// up to `max_delay`, and then a random part of it, from a half to the whole, so
// that the webhooks of one receiver do not return together.
absl::Duration RetryDelay(const RetryOptions& options, int64_t attempts,
                          absl::BitGenRef random);

// True after the last attempt: the `attempts`-th, or `age` after the first.
bool IsGivenUp(const RetryOptions& options, int64_t attempts,
               absl::Duration age);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_RETRY_SCHEDULE_H_
