#include "stacks/supervisor/instance_store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/uid.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

// Times are Unix nanoseconds. An instance without a process has NULL in all
// columns of its launch.
constexpr storage::Migration kMigrations[] = {
    {.name = "create instances", .sql = R"sql(
        CREATE TABLE instances (
          stack_uid TEXT NOT NULL,
          process TEXT NOT NULL,
          number INTEGER NOT NULL,
          paused INTEGER NOT NULL,
          restarts INTEGER NOT NULL,
          last_exit TEXT NOT NULL,
          last_exit_at INTEGER,
          last_output TEXT NOT NULL,
          launch TEXT,
          boot_id TEXT,
          pid INTEGER,
          start_ticks INTEGER,
          launch_hash TEXT,
          generation INTEGER,
          started_at INTEGER,
          confirmed INTEGER,
          PRIMARY KEY (stack_uid, process, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE local_server (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          uid TEXT NOT NULL
        ) STRICT)sql"},
    {.name = "remember signals", .sql = R"sql(
        CREATE TABLE last_signal (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          action_id INTEGER NOT NULL
        ) STRICT)sql"}};

InstanceRecord ReadRow(const Statement& row) {
  InstanceRecord record;
  record.key = {.stack_uid = std::string(row.Text(0)),
                .process = std::string(row.Text(1)),
                .number = row.Int64(2)};
  record.paused = row.Int64(3) != 0;
  record.restarts = row.Int64(4);
  record.last_exit = std::string(row.Text(5));
  if (!row.IsNull(6)) record.last_exit_at = absl::FromUnixNanos(row.Int64(6));
  record.last_output = std::string(row.Text(7));
  if (!row.IsNull(8)) {
    record.launch = LaunchRecord{
        .launch = std::string(row.Text(8)),
        .identity = {.boot_id = std::string(row.Text(9)),
                     .pid = static_cast<int32_t>(row.Int64(10)),
                     .start_ticks = row.Int64(11)},
        .launch_hash = std::string(row.Text(12)),
        .generation = row.Int64(13),
        .started_at = absl::FromUnixNanos(row.Int64(14)),
        .confirmed = row.Int64(15) != 0,
    };
  }
  return record;
}

// "" if the server has none yet.
absl::StatusOr<std::string> ReadServerUid(Connection& connection) {
  absl::StatusOr<Statement> select =
      connection.Prepare("SELECT uid FROM local_server");
  if (!select.ok()) return select.status();
  absl::StatusOr<bool> row = select->Step();
  if (!row.ok()) return row.status();
  return *row ? std::string(select->Text(0)) : std::string();
}

}  // namespace

absl::StatusOr<std::unique_ptr<InstanceStore>> InstanceStore::Open(
    storage::Database& db) {
  if (absl::Status migrated =
          storage::Migrate(db, "stacks.instances", kMigrations);
      !migrated.ok()) {
    return migrated;
  }
  return absl::WrapUnique(new InstanceStore(db));
}

absl::Status InstanceStore::Put(Connection& connection,
                                const InstanceRecord& record) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT OR REPLACE INTO instances (stack_uid, process, number, paused, "
      "restarts, last_exit, last_exit_at, last_output, launch, boot_id, pid, "
      "start_ticks, launch_hash, generation, started_at, confirmed) VALUES "
      "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
      "?16)");
  if (!put.ok()) return put.status();
  put->Bind(1, record.key.stack_uid)
      .Bind(2, record.key.process)
      .Bind(3, record.key.number)
      .Bind(4, record.paused)
      .Bind(5, record.restarts)
      .Bind(6, record.last_exit)
      .Bind(8, record.last_output);
  if (record.last_exit_at.has_value()) {
    put->Bind(7, absl::ToUnixNanos(*record.last_exit_at));
  }
  // Unbound parameters are NULL.
  if (record.launch.has_value()) {
    const LaunchRecord& launch = *record.launch;
    put->Bind(9, launch.launch)
        .Bind(10, launch.identity.boot_id)
        .Bind(11, launch.identity.pid)
        .Bind(12, launch.identity.start_ticks)
        .Bind(13, launch.launch_hash)
        .Bind(14, launch.generation)
        .Bind(15, absl::ToUnixNanos(launch.started_at))
        .Bind(16, launch.confirmed);
  }
  return put->Run();
}

absl::Status InstanceStore::Remove(Connection& connection,
                                   const InstanceKey& key) {
  absl::StatusOr<Statement> remove = connection.Prepare(
      "DELETE FROM instances "
      "WHERE stack_uid = ?1 AND process = ?2 AND number = ?3");
  if (!remove.ok()) return remove.status();
  return remove->Bind(1, key.stack_uid)
      .Bind(2, key.process)
      .Bind(3, key.number)
      .Run();
}

absl::Status InstanceStore::PutLastSignal(Connection& connection,
                                          int64_t action_id) {
  absl::StatusOr<Statement> put = connection.Prepare(
      "INSERT OR REPLACE INTO last_signal (id, action_id) VALUES (1, ?1)");
  if (!put.ok()) return put.status();
  return put->Bind(1, action_id).Run();
}

absl::StatusOr<int64_t> InstanceStore::LastSignal() {
  int64_t action_id = 0;
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> select =
        connection.Prepare("SELECT action_id FROM last_signal");
    if (!select.ok()) return select.status();
    absl::StatusOr<bool> row = select->Step();
    if (!row.ok()) return row.status();
    if (*row) action_id = select->Int64(0);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return action_id;
}

absl::StatusOr<std::vector<InstanceRecord>> InstanceStore::List() {
  std::vector<InstanceRecord> records;
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT stack_uid, process, number, paused, restarts, last_exit, "
        "last_exit_at, last_output, launch, boot_id, pid, start_ticks, "
        "launch_hash, generation, started_at, confirmed FROM instances "
        "ORDER BY stack_uid, process, number");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      records.push_back(ReadRow(*rows));
    }
  });
  if (!read.ok()) return read;
  return records;
}

absl::StatusOr<std::string> InstanceStore::ServerUid() {
  absl::StatusOr<std::string> uid;
  absl::Status read = db_.Read([&](Connection& connection) {
    uid = ReadServerUid(connection);
    return uid.status();
  });
  if (!read.ok()) return read;
  if (!uid->empty()) return uid;

  // Of two threads that insert one, the first wins.
  absl::Status written = db_.Write([&](Connection& connection) {
    absl::StatusOr<Statement> insert = connection.Prepare(
        "INSERT OR IGNORE INTO local_server (id, uid) VALUES (1, ?1)");
    if (!insert.ok()) return insert.status();
    if (absl::Status run = insert->Bind(1, base::NewUid()).Run(); !run.ok()) {
      return run;
    }
    uid = ReadServerUid(connection);
    return uid.status();
  });
  if (!written.ok()) return written;
  return uid;
}

}  // namespace tallyman::stacks
