// The tables of SqliteRegistry, the encoding of values, and iteration over
// rows.

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

// Creates or migrates the tables.
absl::Status MigrateRegistryTables(storage::Database& db);

// An environment as in proc_pid_environ(5): NAME=VALUE, each followed by a NUL.
std::string EncodeEnvironment(const std::map<std::string, std::string>& env);

// nullopt if `text` is not a result of EncodeEnvironment().
std::optional<std::map<std::string, std::string>> DecodeEnvironment(
    std::string_view text);

// Calls `read`, an absl::Status(const storage::Statement&), for each row of
// `statement`; stops at the first error.
template <typename Read>
absl::Status ForEachRow(storage::Statement& statement, const Read& read) {
  while (true) {
    absl::StatusOr<bool> row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    if (absl::Status status = read(statement); !status.ok()) return status;
  }
}

// As above, for the query `sql` without parameters.
template <typename Read>
absl::Status ForEachRow(storage::Connection& connection, std::string_view sql,
                        const Read& read) {
  absl::StatusOr<storage::Statement> statement = connection.Prepare(sql);
  if (!statement.ok()) return statement.status();
  return ForEachRow(*statement, read);
}

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_TABLES_H_
