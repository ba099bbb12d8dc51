// Runs several measurements in turn, so that a disturbance of the machine slows
// all of them down.

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
  // Measures `times` in a row; the milliseconds of each.
  using Measurement =
      std::function<absl::StatusOr<std::vector<double>>(int times)>;
  // Measures once; a value of any unit.
  using Single = std::function<absl::StatusOr<double>()>;

  // Each returns the index of the measurement's samples.
  size_t Add(Measurement measurement);
  size_t AddSingle(Single single);

  // Runs rounds of all measurements: one that warms up and does not count, then
  // at least `repetitions`, and more while `at_least` has not passed, up to
  // five times as many. Each round gives one sample of each measurement; a
  // short measurement is repeated within the round, and its sample is the
  // median. Calls `progress` before each of the first rounds, with 0 for the
  // one that warms up. Ends at the first error, and at an interruption (see
  // interruption.h).
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
