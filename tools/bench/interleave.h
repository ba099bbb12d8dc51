// Several measurements in turn, so that whatever slows the machine down for a
// while slows all of them.

#ifndef TALLYMAN_TOOLS_BENCH_INTERLEAVE_H_
#define TALLYMAN_TOOLS_BENCH_INTERLEAVE_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// Not thread-safe.
//
//   Interleave turns;
//   const size_t floor = turns.Add(measure_floor);
//   const size_t lister = turns.Add(measure_lister);
//   absl::Status status = turns.Run(5, absl::Seconds(5), progress);
//   ... turns.samples(floor), turns.samples(lister)
class Interleave {
 public:
  // Measures `times` in a row; the value of each: milliseconds.
  using Measurement =
      std::function<absl::StatusOr<std::vector<double>>(int times)>;
  // Measures once; the value may have any unit.
  using Single = std::function<absl::StatusOr<double>()>;

  // The index of its samples.
  size_t Add(Measurement measurement);
  size_t AddSingle(Single single);

  // All in the order in which they were added, again and again: one round that
  // warms up and does not count, then at least `repetitions` more. Where rounds
  // are quick there are as many more as fit into `at_least`, but no more than
  // five times as many. Of each round and measurement there is one sample. What
  // takes little time is measured several times in a row, and the sample is
  // their median. Calls `progress` before each of the first rounds, with 0 for
  // the one that warms up. The first error ends it; so does an interruption
  // (see interruption.h).
  absl::Status Run(int repetitions, absl::Duration at_least,
                   absl::FunctionRef<void(int repetition)> progress);

  const std::vector<double>& samples(size_t index) const {
    return entries_[index].samples;
  }

 private:
  struct Entry {
    Measurement measurement;
    bool once = false;
    int times = 1;
    std::vector<double> samples;
  };

  std::vector<Entry> entries_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_INTERLEAVE_H_
