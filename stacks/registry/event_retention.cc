#include "stacks/registry/event_retention.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "stacks/registry/retention.h"
#include "storage/connection.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

constexpr std::string_view kAllStacks;

// Adds to a count and returns the sum. A count of 0 has no row.
absl::StatusOr<int64_t> AddToCount(Connection& connection,
                                   std::string_view stack_uid, int64_t added) {
  absl::StatusOr<int64_t> before = ReadEventCount(connection, stack_uid);
  if (!before.ok()) return before.status();
  const int64_t count = *before + added;
  absl::StatusOr<Statement> write = connection.Prepare(
      count > 0 ? "INSERT OR REPLACE INTO event_counts (stack_uid, count) "
                  "VALUES (?1, ?2)"
                : "DELETE FROM event_counts WHERE stack_uid = ?1 AND ?2 <= 0");
  if (!write.ok()) return write.status();
  if (absl::Status run = write->Bind(1, stack_uid).Bind(2, count).Run();
      !run.ok()) {
    return run;
  }
  return count;
}

absl::Status NoteRemoval(Connection& connection, std::string_view stack_uid,
                         int64_t last_id) {
  absl::StatusOr<Statement> note = connection.Prepare(
      "INSERT INTO event_removals (stack_uid, last_id) VALUES (?1, ?2) "
      "ON CONFLICT (stack_uid) DO UPDATE "
      "SET last_id = MAX(last_id, excluded.last_id)");
  if (!note.ok()) return note.status();
  return note->Bind(1, stack_uid).Bind(2, last_id).Run();
}

// The id of the last of the `count` oldest events of a stack; 0 if it has none.
absl::StatusOr<int64_t> LastOfOldest(Connection& connection,
                                     std::string_view stack_uid,
                                     int64_t count) {
  absl::StatusOr<Statement> last = connection.Prepare(
      "SELECT MAX(id) FROM (SELECT id FROM events WHERE stack_uid = ?1 "
      "ORDER BY id LIMIT ?2)");
  if (!last.ok()) return last.status();
  absl::StatusOr<bool> row = last->Bind(1, stack_uid).Bind(2, count).Step();
  if (!row.ok()) return row.status();
  return last->Int64(0);
}

// Removes the oldest events of a stack.
absl::Status RemoveOldestEvents(Connection& connection,
                                std::string_view stack_uid, int64_t count) {
  const absl::StatusOr<int64_t> last_id =
      LastOfOldest(connection, stack_uid, count);
  if (!last_id.ok()) return last_id.status();
  absl::StatusOr<Statement> remove = connection.Prepare(
      "DELETE FROM events WHERE stack_uid = ?1 AND id <= ?2");
  if (!remove.ok()) return remove.status();
  if (absl::Status run = remove->Bind(1, stack_uid).Bind(2, *last_id).Run();
      !run.ok()) {
    return run;
  }
  const int64_t removed = connection.Changes();
  for (const std::string_view uid : {stack_uid, kAllStacks}) {
    if (absl::Status noted = NoteRemoval(connection, uid, *last_id);
        !noted.ok()) {
      return noted;
    }
    absl::StatusOr<int64_t> rest = AddToCount(connection, uid, -removed);
    if (!rest.ok()) return rest.status();
    if (stack_uid == kAllStacks) break;  // An event without a stack.
  }
  return absl::OkStatus();
}

// Removes the oldest events of all stacks together.
absl::Status RemoveOldestOfAllStacks(Connection& connection, int64_t count) {
  std::map<std::string, int64_t> by_stack;
  {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT stack_uid, COUNT(*) FROM (SELECT stack_uid FROM events "
        "ORDER BY id LIMIT ?1) GROUP BY stack_uid");
    if (!rows.ok()) return rows.status();
    rows->Bind(1, count);
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      by_stack.emplace(rows->Text(0), rows->Int64(1));
    }
  }
  for (const auto& [stack_uid, removed] : by_stack) {
    if (absl::Status status =
            RemoveOldestEvents(connection, stack_uid, removed);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> ReadEventCount(Connection& connection,
                                       std::string_view stack_uid) {
  absl::StatusOr<Statement> select =
      connection.Prepare("SELECT count FROM event_counts WHERE stack_uid = ?1");
  if (!select.ok()) return select.status();
  absl::StatusOr<bool> row = select->Bind(1, stack_uid).Step();
  if (!row.ok()) return row.status();
  return *row ? select->Int64(0) : 0;
}

absl::Status CountAndRemoveEvents(Connection& connection,
                                  absl::Span<const Event> added_events,
                                  const EventLimits& limits) {
  std::map<std::string_view, int64_t> added;
  for (const Event& event : added_events) ++added[event.stack_uid];
  absl::StatusOr<int64_t> all = AddToCount(
      connection, kAllStacks, static_cast<int64_t>(added_events.size()));
  if (!all.ok()) return all.status();
  const int64_t limit = limits.max_events_per_stack;
  for (const auto& [stack_uid, number] : added) {
    // An event without a stack counts only in the total.
    if (stack_uid.empty()) continue;
    absl::StatusOr<int64_t> count = AddToCount(connection, stack_uid, number);
    if (!count.ok()) return count.status();
    if (*count <= limit + RetentionSlack(limit)) continue;
    if (absl::Status status =
            RemoveOldestEvents(connection, stack_uid, *count - limit);
        !status.ok()) {
      return status;
    }
    *all -= *count - limit;
  }
  if (*all <= limits.max_events + RetentionSlack(limits.max_events)) {
    return absl::OkStatus();
  }
  return RemoveOldestOfAllStacks(connection, *all - limits.max_events);
}

}  // namespace tallyman::stacks
