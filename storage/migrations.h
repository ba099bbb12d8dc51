// Schema versions, one row of them for each component that shares a database.
//
//   constexpr Migration kMigrations[] = {
//       {.name = "create pets",
//        .sql = "CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT)
//        STRICT"},
//       {.name = "pets have owners",
//        .sql = "ALTER TABLE pets ADD COLUMN owner TEXT"},
//   };
//   absl::Status status = Migrate(db, "zoo", kMigrations);
//
// The version of a component is the number of its migrations that have run.
// The list only ever grows at its end: what was released is never changed.

#ifndef TALLYMAN_STORAGE_MIGRATIONS_H_
#define TALLYMAN_STORAGE_MIGRATIONS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/connection.h"
#include "storage/database.h"

namespace tallyman::storage {

// One step from a version to the next.
struct Migration {
  // What it does, in a few words. Recorded, and compared at the next start.
  std::string_view name;

  // A script of SQL statements; may be empty. It can't end the transaction.
  std::string_view sql;

  // What SQL can't express; runs after `sql` in the same transaction. May be
  // null.
  absl::Status (*code)(Connection&) = nullptr;
};

// Brings `component` to the newest version: runs those of `migrations` that
// haven't run yet, in order, each in a transaction of its own together with the
// record of it. When one fails, those before it stay, and of it nothing does.
//
// kFailedPrecondition: the database was written by a newer version of the
// program, or its record differs from `migrations`; nothing was changed.
absl::Status Migrate(Database& db, std::string_view component,
                     absl::Span<const Migration> migrations);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_MIGRATIONS_H_
