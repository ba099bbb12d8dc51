// The present, by both clocks.

#ifndef TALLYMAN_TALLY_TOP_MODEL_MOMENT_H_
#define TALLYMAN_TALLY_TOP_MODEL_MOMENT_H_

#include "absl/time/time.h"

namespace tallyman::tally {

struct Moment {
  // Of a clock that is never set: waits are measured with it.
  absl::Duration steady;
  // The wall clock, for people.
  absl::Time wall;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_MODEL_MOMENT_H_
