// Keeps events in the local database, bounded.

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

// Thread-safe. Reads are of the reading connection: they never wait for a
// write.
class EventLog {
 public:
  struct Options {
    // Events kept of each stack; the oldest go first. At least 1.
    int64_t max_events_per_stack = 10000;
    // Events kept in all, so that those of removed stacks go some day as well;
    // the oldest go first. At least 1.
    int64_t max_events = 1'000'000;
  };

  // `db` must outlive the log.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(storage::Database& db,
                                                        Options options);

  // Appends in a transaction that the caller has begun (Database::Write), so
  // that an event is durable together with what it tells of. Sets no ids in
  // `events`. Removes what is beyond the limit (not necessarily at each call,
  // but never are there more than 10% above it).
  absl::Status Append(storage::Connection& connection,
                      absl::Span<const Event> events);

  // Appends in a transaction of its own.
  absl::Status Append(absl::Span<const Event> events);

  // Events of a stack that was never there are none. InvalidArgument for a page
  // that is out of range.
  absl::StatusOr<EventPage> List(std::string_view stack_uid,
                                 const storage::PageRequest& page);

 private:
  EventLog(storage::Database& db, Options options);
  storage::Database& db_;
  const Options options_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_
