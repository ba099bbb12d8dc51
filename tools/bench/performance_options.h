// Parses flags of the driver `performance`.

#ifndef TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_
#define TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/bench/performance_run.h"

namespace tallyman::bench {

// Parts of a run, in the order in which they are measured.
enum class Area {
  kFloor,
  kListing,
  kHttp,
  kWatch,
  kSmall,
  kScaling,
  kIdle,
  kConnections
};

// Parses "floor", "listing", "http", "watch", "small", "scaling", "idle",
// "connections".
// InvalidArgument for any other name and for an empty list.
absl::StatusOr<std::set<Area>> ParseAreas(
    const std::vector<std::string>& names);

// Parses "crowd", "idle", "kept", "new", "follow". Errors as ParseAreas().
absl::StatusOr<std::set<ConnectionPart>> ParseConnectionParts(
    const std::vector<std::string>& names);

// Parses numbers from 1 to `max`. InvalidArgument, whose message begins with
// `flag`, for any other text and for an empty list.
absl::StatusOr<std::vector<int64_t>> ParseCounts(
    const std::vector<std::string>& texts, int64_t max, std::string_view flag);

// With a comma between groups of three digits: "1,234".
std::string ShowCount(int64_t count);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PERFORMANCE_OPTIONS_H_
