// Writes a change to the tables of SqliteRegistry.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "stacks/registry/registry_draft.h"
#include "storage/connection.h"

namespace tallyman::stacks {

// Limits of actions, see SqliteRegistryOptions.
struct ActionRetention {
  int64_t max_per_stack = 0;
  int64_t max_removed_stacks = 0;
};

// Writes the differences between `change.base` and `change.next`, and the
// actions. Does not write the events.
absl::Status WriteChange(storage::Connection& connection,
                         const RegistryChange& change,
                         const ActionRetention& retention);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_
