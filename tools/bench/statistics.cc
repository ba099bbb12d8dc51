#include "tools/bench/statistics.h"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_format.h"

namespace tallyman::bench {

double Median(std::vector<double> samples) {
  absl::c_sort(samples);
  const size_t half = samples.size() / 2;
  if (samples.size() % 2 == 1) return samples[half];
  return (samples[half - 1] + samples[half]) / 2;
}

double Percentile(std::vector<double> samples, double rank) {
  const double place = std::ceil(rank * static_cast<double>(samples.size()));
  const auto nth = samples.begin() + static_cast<ptrdiff_t>(place) - 1;
  absl::c_nth_element(samples, nth);
  return *nth;
}

std::string ShowNumber(double value) {
  if (value == std::floor(value)) return absl::StrFormat("%.0f", value);
  if (value >= 100) return absl::StrFormat("%.1f", value);
  if (value >= 10) return absl::StrFormat("%.2f", value);
  return absl::StrFormat("%.3f", value);
}

}  // namespace tallyman::bench
