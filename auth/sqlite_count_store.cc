#include "auth/sqlite_count_store.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "auth/count_store.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::auth {
namespace {

using storage::Connection;
using storage::Statement;

constexpr int64_t kKeptDays = 7;

// Hours and days as in TokenCounts. No foreign key to the table of tokens:
// another store may keep the tokens.
constexpr storage::Migration kCountMigrations[] = {
    {.name = "create rate_counts", .sql = R"sql(
        CREATE TABLE rate_counts (
          token_id INTEGER PRIMARY KEY,
          hour INTEGER NOT NULL,
          hour_count INTEGER NOT NULL,
          day INTEGER NOT NULL,
          day_count INTEGER NOT NULL
        ) STRICT)sql"}};

absl::Status Save(Connection& connection,
                  absl::Span<const TokenCounts> counts) {
  absl::StatusOr<Statement> replace = connection.Prepare(
      "INSERT OR REPLACE INTO rate_counts "
      "(token_id, hour, hour_count, day, day_count) "
      "VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!replace.ok()) return replace.status();
  int64_t newest_hour = 0;
  for (const TokenCounts& count : counts) {
    newest_hour = std::max(newest_hour, count.hour);
    absl::Status run = replace->Bind(1, count.token_id)
                           .Bind(2, count.hour)
                           .Bind(3, count.hour_count)
                           .Bind(4, count.day)
                           .Bind(5, count.day_count)
                           .Run();
    if (!run.ok()) return run;
  }
  absl::StatusOr<Statement> prune = connection.Prepare(
      "DELETE FROM rate_counts WHERE hour < ?1 AND day * 24 < ?1");
  if (!prune.ok()) return prune.status();
  return prune->Bind(1, newest_hour - 24 * kKeptDays).Run();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteCountStore>> SqliteCountStore::Open(
    storage::Database& db) {
  if (absl::Status migrated =
          storage::Migrate(db, "auth.rate_counts", kCountMigrations);
      !migrated.ok()) {
    return migrated;
  }
  return absl::WrapUnique(new SqliteCountStore(db));
}

absl::StatusOr<std::vector<TokenCounts>> SqliteCountStore::LoadCounts() {
  std::vector<TokenCounts> counts;
  absl::Status read = db_.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT token_id, hour, hour_count, day, day_count FROM rate_counts");
    if (!rows.ok()) return rows.status();
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      counts.push_back({.token_id = rows->Int64(0),
                        .hour = rows->Int64(1),
                        .hour_count = rows->Int64(2),
                        .day = rows->Int64(3),
                        .day_count = rows->Int64(4)});
    }
  });
  if (!read.ok()) return read;
  return counts;
}

absl::Status SqliteCountStore::SaveCounts(
    absl::Span<const TokenCounts> counts) {
  return db_.Write(
      [&](Connection& connection) { return Save(connection, counts); });
}

}  // namespace tallyman::auth
