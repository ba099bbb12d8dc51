#include "stacks/webhooks/retry_schedule.h"

#include <algorithm>
#include <cstdint>

#include "absl/random/bit_gen_ref.h"
#include "absl/random/distributions.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

absl::Duration RetryDelay(const RetryOptions& options, int64_t attempts,
                          absl::BitGenRef random) {
  absl::Duration delay = std::min(options.first_delay, options.max_delay);
  for (int64_t i = 1; i < attempts && delay < options.max_delay; ++i) {
    delay = std::min(2 * delay, options.max_delay);
  }
  return delay * absl::Uniform(random, 0.5, 1.0);
}

bool IsGivenUp(const RetryOptions& options, int64_t attempts,
               absl::Duration age) {
  return attempts >= options.max_attempts || age >= options.max_age;
}

}  // namespace tallyman::stacks
