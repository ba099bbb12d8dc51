// Turns SIGINT, SIGTERM and SIGHUP into an error, so that a program can stop
// the processes that it has started before it ends.

#ifndef TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_
#define TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// Makes the first SIGINT, SIGTERM or SIGHUP only set a flag; a second one ends
// the program.
void CatchInterruptions();

// Cancelled if the flag is set.
absl::Status CheckInterruption();

// Sleeps; returns early, with Cancelled, once the flag is set. Thread-safe.
absl::Status Rest(absl::Duration duration);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_INTERRUPTION_H_
