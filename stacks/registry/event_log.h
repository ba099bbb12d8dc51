// The audit log: the newest events, in the local database.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_
#define TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

// Consecutive events: all that the filter matches with an id in (after, end].
struct EventRun {
  std::vector<Event> events;  // Oldest first.
  int64_t end = 0;
  // The id of the newest event of the log, and of the newest one that retention
  // has removed (of the filter's stack, or of all); 0 if there is none. Both
  // belong to the state in which the events were read.
  int64_t last_id = 0;
  int64_t removed_id = 0;
};

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

  // The number of events that are kept.
  absl::StatusOr<int64_t> Count();

  // The events of `filter` with an id above `after`. No events for an unknown
  // stack. InvalidArgument for a page out of range. A page of all events of a
  // stack, or of all stacks, needs no count of rows; others do.
  absl::StatusOr<EventPage> List(const EventFilter& filter, int64_t after,
                                 const storage::PageRequest& page);
  // All events of a stack or, for "", all events.
  absl::StatusOr<EventPage> List(std::string_view stack_uid,
                                 const storage::PageRequest& page) {
    return List({.stack_uid = std::string(stack_uid)}, 0, page);
  }

  // The next events above `after`: looks at no more than `max_rows` rows of the
  // stack, so a run may be empty although more events follow; then `end` is
  // below `last_id`. 0 rows: only the two ids.
  absl::StatusOr<EventRun> ReadAfter(const EventFilter& filter, int64_t after,
                                     int64_t max_rows);

  // Waits until all calls of Append() that have returned are either visible to
  // ReadAfter() or undone. Not in a transaction.
  absl::Status AwaitCommit();

  // Calls `listener` from each Append() that appends something, before its
  // transaction is committed: see AwaitCommit(). It must be quick, use no
  // database and not call the log. Returns its number, for RemoveListener().
  int64_t AddListener(std::function<void()> listener)
      ABSL_LOCKS_EXCLUDED(listener_mutex_);
  // After the return the listener is not called any more.
  void RemoveListener(int64_t number) ABSL_LOCKS_EXCLUDED(listener_mutex_);

 private:
  EventLog(storage::Database& db, Options options);
  storage::Database& db_;
  const Options options_;
  absl::Mutex listener_mutex_;
  std::map<int64_t, std::function<void()>> listeners_
      ABSL_GUARDED_BY(listener_mutex_);
  int64_t last_listener_ ABSL_GUARDED_BY(listener_mutex_) = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_EVENT_LOG_H_
