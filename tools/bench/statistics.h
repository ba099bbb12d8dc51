// What is made of repeated measurements.

#ifndef TALLYMAN_TOOLS_BENCH_STATISTICS_H_
#define TALLYMAN_TOOLS_BENCH_STATISTICS_H_

#include <string>
#include <vector>

namespace tallyman::bench {

// Of the middle two if there are two. `samples` is not empty.
double Median(std::vector<double> samples);

// For people: four digits or so, none after the point of whole numbers.
std::string ShowNumber(double value);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_STATISTICS_H_
