#include "storage/migrations.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::storage {
namespace {

// The names of the migrations that have run, in order.
absl::StatusOr<std::vector<std::string>> ReadApplied(
    Database& db, std::string_view component) {
  std::vector<std::string> names;
  absl::Status status = db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> rows = connection.Prepare(
        "SELECT name FROM schema_versions WHERE component = ?1 "
        "ORDER BY version");
    if (!rows.ok()) return rows.status();
    rows->Bind(1, component);
    while (true) {
      absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      names.emplace_back(rows->Text(0));
    }
  });
  if (!status.ok()) return status;
  return names;
}

absl::Status Apply(Connection& connection, std::string_view component,
                   int64_t version, const Migration& migration) {
  if (absl::Status sql = connection.Execute(std::string(migration.sql));
      !sql.ok()) {
    return sql;
  }
  if (migration.code != nullptr) {
    if (absl::Status code = migration.code(connection); !code.ok()) return code;
  }
  absl::StatusOr<Statement> record = connection.Prepare(
      "INSERT INTO schema_versions (component, version, name, applied_at) "
      "VALUES (?1, ?2, ?3, CAST(strftime('%s', 'now') AS INTEGER))");
  if (!record.ok()) return record.status();
  return record->Bind(1, component)
      .Bind(2, version)
      .Bind(3, migration.name)
      .Run();
}

}  // namespace

absl::Status Migrate(Database& db, std::string_view component,
                     absl::Span<const Migration> migrations) {
  absl::Status table = db.Write([](Connection& connection) {
    // applied_at: Unix seconds; for people, the program does not read it.
    return connection.Execute(
        "CREATE TABLE IF NOT EXISTS schema_versions ("
        "component TEXT NOT NULL, version INTEGER NOT NULL, "
        "name TEXT NOT NULL, applied_at INTEGER NOT NULL, "
        "PRIMARY KEY (component, version)) STRICT, WITHOUT ROWID");
  });
  if (!table.ok()) return table;

  absl::StatusOr<std::vector<std::string>> applied = ReadApplied(db, component);
  if (!applied.ok()) return applied.status();
  if (applied->size() > migrations.size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "database \"", db.path(), "\": \"", component, "\" is at version ",
        applied->size(), " and this program knows ", migrations.size(),
        "; it was written by a newer one, start that or restore a backup"));
  }
  for (size_t i = 0; i < applied->size(); ++i) {
    if ((*applied)[i] != migrations[i].name) {
      return absl::FailedPreconditionError(absl::StrCat(
          "database \"", db.path(), "\": version ", i + 1, " of \"", component,
          "\" is \"", (*applied)[i], "\" and this program expects \"",
          migrations[i].name, "\"; it belongs to another program"));
    }
  }

  for (size_t i = applied->size(); i < migrations.size(); ++i) {
    absl::Status status = db.Write([&](Connection& connection) {
      return Apply(connection, component, static_cast<int64_t>(i + 1),
                   migrations[i]);
    });
    if (!status.ok()) {
      return absl::Status(
          status.code(),
          absl::StrCat("migrating \"", component, "\" to version ", i + 1, " (",
                       migrations[i].name, "): ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace tallyman::storage
