#include "stacks/registry/event_log.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "stacks/registry/retention.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"
#include "storage/pagination.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

// Times are Unix nanoseconds, kinds are their names. event_counts has the
// number of events of each stack and, with the uid "", of all: counting the
// rows for each page and for each removal of old events would be slow.
constexpr storage::Migration kEventMigrations[] = {
    {.name = "create events", .sql = R"sql(
        CREATE TABLE events (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time INTEGER NOT NULL,
          kind TEXT NOT NULL,
          stack_uid TEXT NOT NULL,
          process TEXT NOT NULL,
          server_uid TEXT NOT NULL,
          instance INTEGER NOT NULL,
          pid INTEGER NOT NULL,
          launch TEXT NOT NULL,
          cause TEXT NOT NULL,
          action_id INTEGER NOT NULL,
          user TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_by_stack ON events (stack_uid, id);
        CREATE TABLE event_counts (
          stack_uid TEXT PRIMARY KEY,
          count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID)sql"}};

constexpr std::string_view kAllStacks;

absl::Status Insert(Connection& connection, const Event& event) {
  absl::StatusOr<Statement> insert = connection.Prepare(
      "INSERT INTO events (time, kind, stack_uid, process, server_uid, "
      "instance, pid, launch, cause, action_id, user) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, absl::ToUnixNanos(event.time))
      .Bind(2, EventKindName(event.kind))
      .Bind(3, event.stack_uid)
      .Bind(4, event.process)
      .Bind(5, event.server_uid)
      .Bind(6, event.instance)
      .Bind(7, event.pid)
      .Bind(8, event.launch)
      .Bind(9, event.cause)
      .Bind(10, event.action_id)
      .Bind(11, event.user)
      .Run();
}

absl::StatusOr<Event> ReadRow(const Statement& row) {
  Event event;
  event.id = row.Int64(0);
  event.time = absl::FromUnixNanos(row.Int64(1));
  const std::optional<EventKind> kind = ParseEventKind(row.Text(2));
  if (!kind.has_value()) {
    return absl::DataLossError(absl::StrCat(
        "event ", event.id, " is of an unknown kind, \"", row.Text(2), "\""));
  }
  event.kind = *kind;
  event.stack_uid = std::string(row.Text(3));
  event.process = std::string(row.Text(4));
  event.server_uid = std::string(row.Text(5));
  event.instance = row.Int64(6);
  event.pid = static_cast<int32_t>(row.Int64(7));
  event.launch = std::string(row.Text(8));
  event.cause = std::string(row.Text(9));
  event.action_id = row.Int64(10);
  event.user = std::string(row.Text(11));
  return event;
}

absl::StatusOr<int64_t> ReadEventCount(Connection& connection,
                                       std::string_view stack_uid) {
  absl::StatusOr<Statement> select =
      connection.Prepare("SELECT count FROM event_counts WHERE stack_uid = ?1");
  if (!select.ok()) return select.status();
  absl::StatusOr<bool> row = select->Bind(1, stack_uid).Step();
  if (!row.ok()) return row.status();
  return *row ? select->Int64(0) : 0;
}

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

// Removes the oldest events of a stack.
absl::Status RemoveOldestEvents(Connection& connection,
                                std::string_view stack_uid, int64_t count) {
  absl::StatusOr<Statement> remove = connection.Prepare(
      "DELETE FROM events WHERE id IN (SELECT id FROM events "
      "WHERE stack_uid = ?1 ORDER BY id LIMIT ?2)");
  if (!remove.ok()) return remove.status();
  if (absl::Status run = remove->Bind(1, stack_uid).Bind(2, count).Run();
      !run.ok()) {
    return run;
  }
  const int64_t removed = connection.Changes();
  if (stack_uid != kAllStacks) {
    absl::StatusOr<int64_t> rest = AddToCount(connection, stack_uid, -removed);
    if (!rest.ok()) return rest.status();
  }
  return AddToCount(connection, kAllStacks, -removed).status();
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

EventLog::EventLog(storage::Database& db, Options options)
    : db_(db), options_(options) {}

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(storage::Database& db,
                                                         Options options) {
  if (options.max_events_per_stack < 1 || options.max_events < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the event log is to keep ", options.max_events_per_stack,
                     " events of a stack and ", options.max_events,
                     " in all; both have to be at least 1"));
  }
  if (absl::Status migrated =
          storage::Migrate(db, "stacks.events", kEventMigrations);
      !migrated.ok()) {
    return migrated;
  }
  return absl::WrapUnique(new EventLog(db, options));
}

absl::Status EventLog::Append(Connection& connection,
                              absl::Span<const Event> events) {
  if (events.empty()) return absl::OkStatus();
  std::map<std::string_view, int64_t> added;
  for (const Event& event : events) {
    if (absl::Status status = Insert(connection, event); !status.ok()) {
      return status;
    }
    ++added[event.stack_uid];
  }
  absl::StatusOr<int64_t> all =
      AddToCount(connection, kAllStacks, static_cast<int64_t>(events.size()));
  if (!all.ok()) return all.status();
  const int64_t limit = options_.max_events_per_stack;
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
  if (*all <= options_.max_events + RetentionSlack(options_.max_events)) {
    return absl::OkStatus();
  }
  return RemoveOldestOfAllStacks(connection, *all - options_.max_events);
}

absl::Status EventLog::Append(absl::Span<const Event> events) {
  if (events.empty()) return absl::OkStatus();
  return db_.Write(
      [&](Connection& connection) { return Append(connection, events); });
}

absl::StatusOr<EventPage> EventLog::List(std::string_view stack_uid,
                                         const storage::PageRequest& page) {
  if (absl::Status valid = Validate(page); !valid.ok()) return valid;
  EventPage result;
  // One transaction, so that the count matches the rows.
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<int64_t> count =
        stack_uid.empty() ? 0 : ReadEventCount(connection, stack_uid);
    if (!count.ok()) return count.status();
    result.info = Paginate(page, *count);
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT id, time, kind, stack_uid, process, server_uid, instance, pid, "
        "launch, cause, action_id, user FROM events WHERE stack_uid = ?1 "
        "ORDER BY id DESC LIMIT ?2 OFFSET ?3");
    if (!rows.ok()) return rows.status();
    rows->Bind(1, stack_uid)
        .Bind(2, result.info.end - result.info.begin)
        .Bind(3, result.info.begin);
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      absl::StatusOr<Event> event = ReadRow(*rows);
      if (!event.ok()) return event.status();
      result.events.push_back(*std::move(event));
    }
  });
  if (!read.ok()) return read;
  return result;
}

}  // namespace tallyman::stacks
