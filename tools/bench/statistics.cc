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

std::string ShowNumber(double value) {
  if (value == std::floor(value)) return absl::StrFormat("%.0f", value);
  if (value >= 100) return absl::StrFormat("%.1f", value);
  if (value >= 10) return absl::StrFormat("%.2f", value);
  return absl::StrFormat("%.3f", value);
}

}  // namespace tallyman::bench
