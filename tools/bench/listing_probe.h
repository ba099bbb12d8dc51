// A child that lists processes on command; see enumerator.cc for the protocol.

#ifndef TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_
#define TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/bench/line_child.h"

namespace tallyman::bench {

// Not thread-safe.
class ListingProbe {
 public:
  // `arguments` begin with the path of the program. If it can't list, an error
  // with its own message; NotFound if that is "not installed: ...".
  static absl::StatusOr<std::unique_ptr<ListingProbe>> Start(
      std::vector<std::string> arguments);

  // Milliseconds of each of `times` listings, after one that does not count.
  absl::StatusOr<std::vector<double>> Measure(int times);

  // Processes listed, and descriptors open in the child, at the last Measure().
  int64_t processes() const { return processes_; }
  int64_t descriptors() const { return descriptors_; }

 private:
  explicit ListingProbe(std::unique_ptr<LineChild> child)
      : child_(std::move(child)) {}

  std::unique_ptr<LineChild> child_;
  int64_t processes_ = 0;
  int64_t descriptors_ = 0;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_
