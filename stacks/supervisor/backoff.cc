#include "stacks/supervisor/backoff.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/random/bit_gen_ref.h"
#include "absl/random/uniform_real_distribution.h"
#include "absl/time/time.h"

namespace tallyman::stacks {

absl::Duration BackoffDelay(const BackoffOptions& options, int failures,
                            absl::BitGenRef random) {
  if (failures < 1 || options.initial <= absl::ZeroDuration() ||
      options.max <= absl::ZeroDuration()) {
    return absl::ZeroDuration();
  }
  // With this order of arguments, NaN counts as the bound.
  const double multiplier = std::max(1.0, options.multiplier);
  const double jitter = std::min(1.0, std::max(0.0, options.jitter));
  const double max = absl::ToDoubleSeconds(options.max);
  // May be infinite, which is more than `max`.
  const double unbounded = absl::ToDoubleSeconds(options.initial) *
                           std::pow(multiplier, failures - 1);
  const double middle = std::min(max, unbounded);
  const double low = middle * (1 - jitter);
  const double high = std::min(max, middle * (1 + jitter));
  double seconds = low;
  if (low < high && std::isfinite(high)) {
    absl::uniform_real_distribution<double> spread(low, high);
    seconds = spread(random);
  }
  // Rounding must not exceed `max`.
  return std::min(absl::Seconds(seconds), options.max);
}

int CountFailure(const BackoffOptions& options, int failures,
                 absl::Duration ran) {
  if (failures < 0 || ran >= options.healthy_after) return 1;
  return failures == std::numeric_limits<int>::max() ? failures : failures + 1;
}

}  // namespace tallyman::stacks
