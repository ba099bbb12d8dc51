#include "stacks/registry/sqlite_registry_tables.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/database.h"
#include "storage/migrations.h"

namespace tallyman::stacks {
namespace {

// Times are Unix nanoseconds. The table `wanted` has the desired counts (struct
// Desired); it keeps the name of the first release, to avoid a migration. A
// process without a row there was never scaled on that server. action_counts
// has the number of actions of each stack: counting the rows for each page and
// for each removal of old actions would be slow. Actions refer to their stack
// by uid, not by id, because they outlive it.
constexpr storage::Migration kRegistryMigrations[] = {
    {.name = "create registry", .sql = R"sql(
        CREATE TABLE registry_meta (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          revision INTEGER NOT NULL
        ) STRICT;
        INSERT INTO registry_meta (id, revision) VALUES (1, 0);
        CREATE TABLE servers (
          uid TEXT PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          address TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE stacks (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          uid TEXT NOT NULL UNIQUE,
          name TEXT NOT NULL,
          environment TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          deleting INTEGER NOT NULL,
          UNIQUE (name, environment)
        ) STRICT;
        CREATE TABLE processes (
          stack_id INTEGER NOT NULL,
          name TEXT NOT NULL,
          position INTEGER NOT NULL,
          revision INTEGER NOT NULL,
          command TEXT NOT NULL,
          directory TEXT NOT NULL,
          env BLOB NOT NULL,
          user TEXT NOT NULL,
          stop_sequence TEXT NOT NULL,
          max_instances INTEGER NOT NULL,
          cpu INTEGER,
          memory INTEGER,
          nofile INTEGER,
          instances INTEGER NOT NULL,
          PRIMARY KEY (stack_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE wanted (
          stack_id INTEGER NOT NULL,
          process TEXT NOT NULL,
          server_uid TEXT NOT NULL,
          count INTEGER NOT NULL,
          generation INTEGER NOT NULL,
          PRIMARY KEY (stack_id, process, server_uid)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE actions (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          user TEXT NOT NULL,
          kind TEXT NOT NULL,
          stack_uid TEXT NOT NULL,
          started_via TEXT NOT NULL,
          started_at INTEGER NOT NULL,
          finished_at INTEGER,
          finished_success INTEGER,
          finished_message TEXT
        ) STRICT;
        CREATE INDEX actions_by_stack ON actions (stack_uid, id);
        CREATE INDEX open_actions ON actions (id) WHERE finished_at IS NULL;
        CREATE TABLE action_targets (
          action_id INTEGER NOT NULL,
          position INTEGER NOT NULL,
          process TEXT NOT NULL,
          server_uid TEXT NOT NULL,
          count INTEGER NOT NULL,
          generation INTEGER NOT NULL,
          success INTEGER,
          message TEXT NOT NULL,
          PRIMARY KEY (action_id, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE action_counts (
          stack_uid TEXT PRIMARY KEY,
          count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE removed_stacks (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          uid TEXT NOT NULL
        ) STRICT;
        CREATE TABLE idempotency (
          user TEXT NOT NULL,
          key TEXT NOT NULL,
          fingerprint TEXT NOT NULL,
          kind TEXT NOT NULL,
          result TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          PRIMARY KEY (user, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_by_age ON idempotency (created_at))sql"},
    {.name = "actions of one instance, and signals", .sql = R"sql(
        ALTER TABLE actions ADD COLUMN signal TEXT NOT NULL DEFAULT '';
        ALTER TABLE action_targets
          ADD COLUMN instance INTEGER NOT NULL DEFAULT 0)sql"}};

}  // namespace

absl::Status MigrateRegistryTables(storage::Database& db) {
  return storage::Migrate(db, "stacks.registry", kRegistryMigrations);
}

std::string EncodeEnvironment(const std::map<std::string, std::string>& env) {
  std::string text;
  for (const auto& [name, value] : env) {
    absl::StrAppend(&text, name, "=", value);
    text.push_back('\0');
  }
  return text;
}

std::optional<std::map<std::string, std::string>> DecodeEnvironment(
    std::string_view text) {
  std::map<std::string, std::string> env;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view item = text.substr(0, end);
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    env.emplace(item.substr(0, equals), item.substr(equals + 1));
    text.remove_prefix(end + 1);
  }
  return env;
}

}  // namespace tallyman::stacks
