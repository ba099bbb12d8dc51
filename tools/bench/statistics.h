// Statistics of repeated measurements.

#ifndef TALLYMAN_TOOLS_BENCH_STATISTICS_H_
#define TALLYMAN_TOOLS_BENCH_STATISTICS_H_

#include <string>
#include <vector>

namespace tallyman::bench {

// Of an even number of samples: the mean of the middle two. `samples` must not
// be empty.
double Median(std::vector<double> samples);

// About four significant digits; a whole number has no decimal point.
std::string ShowNumber(double value);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_STATISTICS_H_
