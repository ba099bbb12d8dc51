// Keys and values in a file, as a command:
//
//   key_value FILE set KEY VALUE
//   key_value FILE get KEY           fails if there is no such key
//   key_value FILE delete KEY
//   key_value FILE list [PREFIX]     one "KEY=VALUE" a line, by key
//
// A value that was set survives a crash of the machine. Takes //storage and
// nothing else.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/connection.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace {

using ::tallyman::storage::Connection;
using ::tallyman::storage::Database;
using ::tallyman::storage::Migrate;
using ::tallyman::storage::Migration;
using ::tallyman::storage::Statement;

constexpr Migration kMigrations[] = {
    {"create pairs",
     "CREATE TABLE pairs (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
     " STRICT, WITHOUT ROWID"},
};

absl::Status Set(Database& db, std::string_view key, std::string_view value) {
  return db.Write([&](Connection& connection) {
    absl::StatusOr<Statement> set = connection.Prepare(
        "INSERT INTO pairs (key, value) VALUES (?1, ?2)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    if (!set.ok()) return set.status();
    return set->Bind(1, key).Bind(2, value).Run();
  });
}

absl::Status Delete(Database& db, std::string_view key) {
  return db.Write([&](Connection& connection) {
    absl::StatusOr<Statement> remove =
        connection.Prepare("DELETE FROM pairs WHERE key = ?1");
    if (!remove.ok()) return remove.status();
    return remove->Bind(1, key).Run();
  });
}

// Prints the pairs that `sql`, a query with one parameter, selects.
absl::Status Print(Database& db, std::string_view sql, std::string_view key,
                   bool with_keys) {
  return db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> pairs = connection.Prepare(sql);
    if (!pairs.ok()) return pairs.status();
    pairs->Bind(1, key);
    bool found = false;
    while (true) {
      const absl::StatusOr<bool> row = pairs->Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      found = true;
      if (with_keys) std::printf("%s=", std::string(pairs->Text(0)).c_str());
      std::printf("%s\n", std::string(pairs->Text(1)).c_str());
    }
    if (!found && !with_keys) return absl::NotFoundError("no such key");
    return absl::OkStatus();
  });
}

absl::Status Run(const std::string& file,
                 const std::vector<std::string_view>& words) {
  const absl::StatusOr<std::unique_ptr<Database>> db = Database::Open(file, {});
  if (!db.ok()) return db.status();
  const absl::Status migrated = Migrate(**db, "key_value", kMigrations);
  if (!migrated.ok()) return migrated;
  const std::string_view command = words[0];
  if (command == "set" && words.size() == 3) {
    return Set(**db, words[1], words[2]);
  }
  if (command == "delete" && words.size() == 2) return Delete(**db, words[1]);
  if (command == "get" && words.size() == 2) {
    return Print(**db, "SELECT key, value FROM pairs WHERE key = ?1", words[1],
                 /*with_keys=*/false);
  }
  if (command == "list" && words.size() <= 2) {
    return Print(**db,
                 "SELECT key, value FROM pairs"
                 " WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
                 words.size() == 2 ? words[1] : "", /*with_keys=*/true);
  }
  return absl::InvalidArgumentError(
      "set, get, delete or list; see key_value.cc");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: key_value FILE set|get|delete|list ...\n");
    return 2;
  }
  const absl::Status status = Run(argv[1], {argv + 2, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "key_value: %s\n", status.ToString().c_str());
  return 1;
}
