// The tables of SqliteRegistry, and how values are in them.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_TABLES_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_TABLES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::stacks {

// Makes the tables, or brings them up to date.
absl::Status MigrateRegistryTables(storage::Database& db);

// An environment as in proc_pid_environ(5): NAME=VALUE, each with a NUL behind
// it.
std::string EncodeEnvironment(const std::map<std::string, std::string>& env);

// nullopt if EncodeEnvironment can't have made it.
std::optional<std::map<std::string, std::string>> DecodeEnvironment(
    std::string_view text);

// Steps through all rows of `statement` and calls `read` for each, a
// absl::Status(const storage::Statement&).
template <typename Read>
absl::Status ForEachRow(storage::Statement& statement, const Read& read) {
  while (true) {
    absl::StatusOr<bool> row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    if (absl::Status status = read(statement); !status.ok()) return status;
  }
}

// The same for a query `sql` without parameters.
template <typename Read>
absl::Status ForEachRow(storage::Connection& connection, std::string_view sql,
                        const Read& read) {
  absl::StatusOr<storage::Statement> statement = connection.Prepare(sql);
  if (!statement.ok()) return statement.status();
  return ForEachRow(*statement, read);
}

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_TABLES_H_
