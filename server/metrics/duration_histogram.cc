#include "server/metrics/duration_histogram.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/time/time.h"
#include "api/metrics/metrics_writer.h"

namespace tallyman::server {

void DurationHistogram::Observe(absl::Duration duration) {
  const int64_t nanoseconds =
      std::max(int64_t{0}, absl::ToInt64Nanoseconds(duration));
  // Most observations are in one of the first buckets.
  size_t bucket = 0;
  while (bucket < std::size(kDurationBounds) &&
         nanoseconds > kDurationBounds[bucket]) {
    ++bucket;
  }
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
}

void DurationHistogram::Write(api::MetricLabels labels,
                              api::MetricsWriter& writer) const {
  std::array<uint64_t, kBuckets> counts;
  for (size_t i = 0; i < kBuckets; ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
  }
  writer.SampleHistogram(labels, counts,
                         sum_nanoseconds_.load(std::memory_order_relaxed));
}

bool DurationHistogram::empty() const {
  return std::all_of(counts_.begin(), counts_.end(), [](const auto& count) {
    return count.load(std::memory_order_relaxed) == 0;
  });
}

}  // namespace tallyman::server
