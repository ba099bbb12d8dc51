#include "stacks/registry/event_log.h"

#include <algorithm>
#include <cstdint>
#include <functional>
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
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "stacks/model/event.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_retention.h"
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
        ) STRICT, WITHOUT ROWID)sql"},
    // The newest id that was removed of each stack and, with the uid "", of
    // all. The first event of a stack is its creation: if the oldest one that
    // is kept is another, an older version has removed some.
    {.name = "create event_removals", .sql = R"sql(
        CREATE TABLE event_removals (
          stack_uid TEXT PRIMARY KEY,
          last_id INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO event_removals
          SELECT stack_uid, first_id - 1 FROM (
            SELECT stack_uid, MIN(id) AS first_id, kind FROM events
            WHERE stack_uid <> '' GROUP BY stack_uid)
          WHERE kind <> 'stack_created';
        INSERT INTO event_removals
          SELECT '', MAX(last_id) FROM (
            SELECT last_id FROM event_removals UNION ALL
            SELECT MIN(id) - 1 FROM events)
          HAVING MAX(last_id) > 0)sql"}};

// The columns that ReadRow() reads.
constexpr std::string_view kSelect =
    "SELECT id, time, kind, stack_uid, process, server_uid, instance, pid, "
    "launch, cause, action_id, user FROM events ";

// ?1 is a stack or, in the second text, "". The events of a stack have an index
// of their own.
std::string_view WhereStack(std::string_view stack_uid) {
  return stack_uid.empty() ? "WHERE ?1 = '' " : "WHERE stack_uid = ?1 ";
}

// The rest of a filter: ?2 an id, ?3 a process or "", ?4 ",KIND,KIND," or "".
constexpr std::string_view kAndMatches =
    "AND id > ?2 AND (?3 = '' OR process = ?3) "
    "AND (?4 = '' OR instr(?4, ',' || kind || ',') > 0) ";

// ",KIND,KIND,"; "" for all kinds.
std::string KindList(const EventFilter& filter) {
  std::string list;
  for (const EventKind kind : filter.kinds) {
    absl::StrAppend(&list, list.empty() ? "," : "", EventKindName(kind), ",");
  }
  return list;
}

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

absl::StatusOr<int64_t> CountMatches(Connection& connection,
                                     const EventFilter& filter, int64_t after) {
  if (after <= 0 && filter.kinds.empty() && filter.process.empty()) {
    return ReadEventCount(connection, filter.stack_uid);
  }
  absl::StatusOr<Statement> count = connection.Prepare(
      absl::StrCat("SELECT COUNT(*) FROM events ", WhereStack(filter.stack_uid),
                   kAndMatches));
  if (!count.ok()) return count.status();
  absl::StatusOr<bool> row = count->Bind(1, filter.stack_uid)
                                 .Bind(2, after)
                                 .Bind(3, filter.process)
                                 .Bind(4, KindList(filter))
                                 .Step();
  if (!row.ok()) return row.status();
  return count->Int64(0);
}

// The value of the one row of `sql`, which has the parameter ?1; 0 if there is
// no row.
absl::StatusOr<int64_t> ReadNumber(Connection& connection, std::string_view sql,
                                   std::string_view parameter) {
  absl::StatusOr<Statement> select = connection.Prepare(sql);
  if (!select.ok()) return select.status();
  absl::StatusOr<bool> row = select->Bind(1, parameter).Step();
  if (!row.ok()) return row.status();
  return *row ? select->Int64(0) : 0;
}

absl::Status ReadRows(Statement& rows, std::vector<Event>& events) {
  while (true) {
    absl::StatusOr<bool> row = rows.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    absl::StatusOr<Event> event = ReadRow(rows);
    if (!event.ok()) return event.status();
    events.push_back(*std::move(event));
  }
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
  for (const Event& event : events) {
    if (absl::Status status = Insert(connection, event); !status.ok()) {
      return status;
    }
  }
  if (absl::Status retained = CountAndRemoveEvents(
          connection, events,
          {.max_events_per_stack = options_.max_events_per_stack,
           .max_events = options_.max_events});
      !retained.ok()) {
    return retained;
  }
  absl::MutexLock lock(&listener_mutex_);
  for (const auto& [number, listener] : listeners_) listener();
  return absl::OkStatus();
}

absl::Status EventLog::Append(absl::Span<const Event> events) {
  if (events.empty()) return absl::OkStatus();
  return db_.Write(
      [&](Connection& connection) { return Append(connection, events); });
}

absl::StatusOr<int64_t> EventLog::Count() {
  absl::StatusOr<int64_t> count;
  absl::Status read = db_.Read([&](Connection& connection) {
    count = ReadEventCount(connection, "");
    return count.status();
  });
  if (!read.ok()) return read;
  return count;
}

absl::StatusOr<EventPage> EventLog::List(const EventFilter& filter,
                                         int64_t after,
                                         const storage::PageRequest& page) {
  if (absl::Status valid = Validate(page); !valid.ok()) return valid;
  EventPage result;
  // One transaction, so that the count matches the rows.
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<int64_t> count = CountMatches(connection, filter, after);
    if (!count.ok()) return count.status();
    result.info = Paginate(page, *count);
    absl::StatusOr<Statement> rows = connection.Prepare(
        absl::StrCat(kSelect, WhereStack(filter.stack_uid), kAndMatches,
                     "ORDER BY id DESC LIMIT ?5 OFFSET ?6"));
    if (!rows.ok()) return rows.status();
    rows->Bind(1, filter.stack_uid)
        .Bind(2, after)
        .Bind(3, filter.process)
        .Bind(4, KindList(filter))
        .Bind(5, result.info.end - result.info.begin)
        .Bind(6, result.info.begin);
    return ReadRows(*rows, result.events);
  });
  if (!read.ok()) return read;
  return result;
}

absl::StatusOr<EventRun> EventLog::ReadAfter(const EventFilter& filter,
                                             int64_t after, int64_t max_rows) {
  EventRun run;
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<int64_t> last =
        ReadNumber(connection,
                   "SELECT seq FROM sqlite_sequence WHERE name = ?1", "events");
    if (!last.ok()) return last.status();
    absl::StatusOr<int64_t> removed = ReadNumber(
        connection, "SELECT last_id FROM event_removals WHERE stack_uid = ?1",
        filter.stack_uid);
    if (!removed.ok()) return removed.status();
    run.last_id = *last;
    run.removed_id = *removed;
    absl::StatusOr<Statement> rows =
        connection.Prepare(absl::StrCat(kSelect, WhereStack(filter.stack_uid),
                                        "AND id > ?2 ORDER BY id LIMIT ?3"));
    if (!rows.ok()) return rows.status();
    rows->Bind(1, filter.stack_uid).Bind(2, after).Bind(3, max_rows);
    return ReadRows(*rows, run.events);
  });
  if (!read.ok()) return read;
  const bool is_complete = static_cast<int64_t>(run.events.size()) < max_rows;
  run.end = is_complete          ? std::max(after, run.last_id)
            : run.events.empty() ? after
                                 : run.events.back().id;
  std::erase_if(run.events,
                [&](const Event& event) { return !filter.Matches(event); });
  return run;
}

absl::Status EventLog::AwaitCommit() {
  // Writers take turns.
  return db_.Write([](Connection&) { return absl::OkStatus(); });
}

int64_t EventLog::AddListener(std::function<void()> listener) {
  absl::MutexLock lock(&listener_mutex_);
  listeners_.emplace(++last_listener_, std::move(listener));
  return last_listener_;
}

void EventLog::RemoveListener(int64_t number) {
  absl::MutexLock lock(&listener_mutex_);
  listeners_.erase(number);
}

}  // namespace tallyman::stacks
