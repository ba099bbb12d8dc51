// Statistics of repeated measurements.

#ifndef TALLYMAN_TOOLS_BENCH_STATISTICS_H_
#define TALLYMAN_TOOLS_BENCH_STATISTICS_H_

#include <string>
#include <vector>

namespace tallyman::bench {

// Of an even number of samples: the mean of the middle two. `samples` must not
// be empty.
double Median(std::vector<double> samples);

// The smallest sample that at least the share `rank` of all samples do not
// exceed; `rank` is above 0 and at most 1. `samples` must not be empty.
double Percentile(std::vector<double> samples, double rank);

// About four significant digits; a whole number has no decimal point.
std::string ShowNumber(double value);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_STATISTICS_H_
