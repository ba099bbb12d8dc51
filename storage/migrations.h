// Schema versions of the components that share a database.
//
// The version of a component is the number of its migrations that have run. New
// migrations go at the end of the list; a released one never changes.
//
// Example: storage/database_example_test.cc

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
  // A few words. Recorded in the database, and compared at the next start.
  std::string_view name;

  // A script of SQL statements; may be empty. Must not end the transaction.
  std::string_view sql;

  // For changes that SQL cannot express: runs after `sql` in the same
  // transaction. May be null.
  absl::Status (*code)(Connection&) = nullptr;
};

// Brings `component` to the newest version: runs the `migrations` that have not
// run yet, in order, each with its record in one transaction. If one fails, the
// earlier ones stay and the failed one leaves no trace.
//
// kFailedPrecondition: a newer version of the program wrote the database, or
// the record differs from `migrations`; nothing changes.
absl::Status Migrate(Database& db, std::string_view component,
                     absl::Span<const Migration> migrations);

}  // namespace tallyman::storage

#endif  // TALLYMAN_STORAGE_MIGRATIONS_H_
