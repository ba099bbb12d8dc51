// The thread that handles the signals of the server's process, from its start
// to its end.
//
//   BlockProcessSignals(/*reloads=*/true);
//   StartProcessLoop({.stop = ..., .give_up = ...}, absl::Seconds(10),
//                    /*reload=*/..., /*watchdog=*/...);

#ifndef TALLYMAN_SERVER_LIFECYCLE_PROCESS_LOOP_H_
#define TALLYMAN_SERVER_LIFECYCLE_PROCESS_LOOP_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/lifecycle/stop_signals.h"
#include "server/lifecycle/watchdog.h"

namespace tallyman::server {

// Blocks SIGTERM and SIGINT, those of a reload if it `reloads`, and those of
// BlockDutySignals() (process_duties.h).
// Call it before the process has a second thread.
void BlockProcessSignals(bool reloads);

// Starts the thread. It stops the process on SIGTERM and SIGINT
// (server/lifecycle/stop_signals.h), calls `reload` on SIGHUP unless it is
// empty, pings as `watchdog` says, if there is one, and has the duties of
// StartDuties() (process_duties.h).
// It runs until the process ends, since a signal must be obeyed also while
// main() tears down or exit(3) runs. Call it once. Errors as
// EventLoop::Create().
absl::Status StartProcessLoop(StopSignals::Callbacks callbacks,
                              absl::Duration stop_deadline,
                              std::function<void()> reload,
                              std::optional<Watchdog::Options> watchdog);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_PROCESS_LOOP_H_
