// What the server does for its process, by system.

#ifndef TALLYMAN_SERVER_LIFECYCLE_PROCESS_DUTIES_H_
#define TALLYMAN_SERVER_LIFECYCLE_PROCESS_DUTIES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/event_loop.h"

namespace tallyman::server {

// The signals that ask the server to read its files again: SIGHUP, on Windows
// none.
absl::Span<const int> ReloadSignals();

// Blocks the signals of StartDuties(). Call it before the process has a second
// thread.
void BlockDutySignals();

// Linux: as process 1, reaps orphans until the result is destroyed
// (linux/orphan_reaper.h). Others: nothing, and the result is null. Errors as
// EventLoop::WatchSignals().
absl::StatusOr<std::shared_ptr<void>> StartDuties(base::EventLoop& loop);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LIFECYCLE_PROCESS_DUTIES_H_
