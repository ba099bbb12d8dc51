// The audit log: the newest events, in the local database.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_
#define TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

struct EventPage {
  storage::PageInfo info;
  std::vector<Event> events;  // Newest first.
};

// Thread-safe. Reads never wait for a write.
class EventLog {
 public:
  struct Options {
    // Newest events kept of each stack; at least 1.
    int64_t max_events_per_stack = 10000;
    // Newest events kept of all stacks together, so that those of removed
    // stacks do not stay forever; at least 1.
    int64_t max_events = 1'000'000;
  };

  // `db` must outlive the log. InvalidArgument for a limit below 1.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(storage::Database& db,
                                                        Options options);

  // Appends in the caller's transaction (Database::Write()), so that an event
  // is durable together with the change that it records. Does not set the ids
  // of `events`. Removes the oldest events at a limit; a limit is exceeded by
  // at most 10%.
  absl::Status Append(storage::Connection& connection,
                      absl::Span<const Event> events);

  // Appends in a transaction of its own.
  absl::Status Append(absl::Span<const Event> events);

  // No events for an unknown stack. InvalidArgument for a page out of range.
  absl::StatusOr<EventPage> List(std::string_view stack_uid,
                                 const storage::PageRequest& page);

 private:
  EventLog(storage::Database& db, Options options);
  storage::Database& db_;
  const Options options_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_
