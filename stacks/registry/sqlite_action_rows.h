// The SQL of SqliteRegistry for actions. sqlite_registry_tables.h creates the
// tables.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_ACTION_ROWS_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_ACTION_ROWS_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "stacks/model/registry.h"
#include "storage/connection.h"
#include "storage/pagination.h"

namespace tallyman::stacks {

// All open actions, by id, ascending. DataLoss names an invalid row, here and
// below.
absl::StatusOr<std::vector<std::shared_ptr<const Action>>> ReadOpenActions(
    storage::Connection& connection);

// NotFound if the stack has no such action.
absl::StatusOr<std::shared_ptr<const Action>> ReadAction(
    storage::Connection& connection, std::string_view stack_uid, int64_t id);

absl::StatusOr<ActionPage> ReadActionPage(storage::Connection& connection,
                                          std::string_view stack_uid,
                                          const storage::PageRequest& page);

// Inserts `action` if `before` is null, else updates the row of `before`.
// Removes the oldest ended actions of a stack with more than `max_per_stack`
// actions (see retention.h).
absl::Status WriteAction(storage::Connection& connection, const Action* before,
                         const Action& action, int64_t max_per_stack);

// Records that a stack was removed, and removes the actions of all removed
// stacks except the last `max_removed_stacks`.
absl::Status WriteRemoval(storage::Connection& connection,
                          std::string_view stack_uid,
                          int64_t max_removed_stacks);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_ACTION_ROWS_H_
