// A child that lists processes when it is told to: see enumerator.cc for how it
// is spoken to.

#ifndef TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_
#define TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/bench/child_process.h"

namespace tallyman::bench {

// Not thread-safe.
class ListingProbe {
 public:
  // `arguments` begin with the path of the program. Internal, with what it
  // says, if it can't list: "not installed: ...".
  static absl::StatusOr<std::unique_ptr<ListingProbe>> Start(
      std::vector<std::string> arguments);

  // Milliseconds of each of `times` listings, after one that is not counted.
  absl::StatusOr<std::vector<double>> Measure(int times);

  // Of the latest Measure(): how many processes there were, and how many
  // descriptors the child had open.
  int64_t processes() const { return processes_; }
  int64_t descriptors() const { return descriptors_; }

 private:
  explicit ListingProbe(std::unique_ptr<ChildProcess> child)
      : child_(std::move(child)) {}

  std::unique_ptr<ChildProcess> child_;
  int64_t processes_ = 0;
  int64_t descriptors_ = 0;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_
