// SIGINT and SIGTERM as an error: what a program has started is stopped before
// it ends.

#ifndef TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_
#define TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// From now on the first SIGINT, SIGTERM or SIGHUP is only noted; a second one
// ends the program at once.
void NoteInterruptions();

// Cancelled once there was one.
absl::Status CheckInterruption();

// Sleeps; an error as above if it is interrupted. Thread-safe.
absl::Status Rest(absl::Duration duration);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_
