// Writes a change of the registry into the tables of SqliteRegistry.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "stacks/registry/registry_draft.h"
#include "storage/connection.h"

namespace tallyman::stacks {

// How many actions are kept.
struct ActionRetention {
  int64_t max_per_stack = 0;       // Open ones are always kept.
  int64_t max_removed_stacks = 0;  // Of so many stacks that were removed.
};

// Writes how `change.next` differs from `change.base`, and the actions; not the
// events. Costs SQL for what differs only.
absl::Status WriteChange(storage::Connection& connection,
                         const RegistryChange& change,
                         const ActionRetention& retention);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_WRITER_H_
