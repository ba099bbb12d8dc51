// What the driver's flags mean.

#ifndef TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_
#define TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::bench {

// Parts of a run, in the order in which they are measured.
enum class Area { kFloor, kListing, kHttp, kSmall, kScaling, kIdle };

// "floor", "listing", "http", "small", "scaling", "idle"; InvalidArgument for
// any other and for none at all.
absl::StatusOr<std::set<Area>> ParseAreas(
    const std::vector<std::string>& names);

// Numbers from 1 to `most`, in the order given; InvalidArgument, which begins
// with `flag`, for anything else and for none at all.
absl::StatusOr<std::vector<int64_t>> ParseCounts(
    const std::vector<std::string>& texts, int64_t most, std::string_view flag);

// With a comma after each three digits.
std::string ShowCount(int64_t count);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_
