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
  // `arguments` begin with the path of the program. NotFound if what it lists
  // with is not installed; the message says what is missing.
  static absl::StatusOr<std::unique_ptr<ListingProbe>> Start(
      std::vector<std::string> arguments);

  // Milliseconds of each of `times` listings, after one that is not counted.
  absl::StatusOr<std::vector<double>> Measure(int times);

  // What it said of itself when it began: a version, or "".
  const std::string& version() const { return version_; }
  // Of the latest Measure(): how many processes there were, and how many
  // descriptors the child had open.
  int64_t processes() const { return processes_; }
  int64_t descriptors() const { return descriptors_; }

 private:
  ListingProbe(std::unique_ptr<ChildProcess> child, std::string version)
      : child_(std::move(child)), version_(std::move(version)) {}

  std::unique_ptr<ChildProcess> child_;
  std::string version_;
  int64_t processes_ = 0;
  int64_t descriptors_ = 0;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_LISTING_PROBE_H_
