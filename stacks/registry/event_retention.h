// The limits of the event log: counts its rows, removes the oldest ones, and
// keeps how far it has removed. Part of event_log.

#ifndef TALLYMAN_STACKS_REGISTRY_EVENT_RETENTION_H_
#define TALLYMAN_STACKS_REGISTRY_EVENT_RETENTION_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "storage/connection.h"

namespace tallyman::stacks {

// As in EventLog::Options.
struct EventLimits {
  int64_t max_events_per_stack = 0;
  int64_t max_events = 0;
};

// The number of events of a stack or, for "", of all.
absl::StatusOr<int64_t> ReadEventCount(storage::Connection& connection,
                                       std::string_view stack_uid);

// Counts `added_events`, which the caller has inserted in this transaction, and
// removes the oldest events above a limit.
absl::Status CountAndRemoveEvents(storage::Connection& connection,
                                  absl::Span<const Event> added_events,
                                  const EventLimits& limits);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_RETENTION_H_
