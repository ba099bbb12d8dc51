// How long something takes: a histogram with fixed buckets.

#ifndef TALLYMAN_SERVER_METRICS_DURATION_HISTOGRAM_H_
#define TALLYMAN_SERVER_METRICS_DURATION_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"

namespace tallyman::server {

// The upper bounds of the buckets, in nanoseconds: a small answer takes
// microseconds, a list of many processes tens of milliseconds.
inline constexpr int64_t kDurationBounds[] = {
    50'000,      100'000,     250'000,       500'000,       1'000'000,
    2'500'000,   5'000'000,   10'000'000,    25'000'000,    50'000'000,
    100'000'000, 250'000'000, 1'000'000'000, 5'000'000'000,
};

// Thread-safe: a few relaxed additions, no lock. An observation may be in one
// of several numbers that are written at the same moment and not yet in
// another.
class DurationHistogram {
 public:
  static constexpr size_t kBuckets = std::size(kDurationBounds) + 1;

  DurationHistogram() = default;
  DurationHistogram(const DurationHistogram&) = delete;
  DurationHistogram& operator=(const DurationHistogram&) = delete;

  // Counts `duration`; a negative one as zero.
  void Observe(absl::Duration duration);

  // Writes a sample of a family with the bounds kDurationBounds.
  void Write(api::MetricLabels labels, api::MetricsWriter& writer) const;

  // Whether nothing was observed.
  bool empty() const;

 private:
  // By bucket: what is at most its bound, and above that of the one before.
  std::array<std::atomic<uint64_t>, kBuckets> counts_ = {};
  std::atomic<int64_t> sum_nanoseconds_ = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_METRICS_DURATION_HISTOGRAM_H_
