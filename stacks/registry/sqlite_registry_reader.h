// Reads the snapshot of SqliteRegistry from its tables, at the start.

#ifndef TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_READER_H_
#define TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_READER_H_

#include "absl/status/statusor.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_draft.h"
#include "storage/connection.h"

namespace tallyman::stacks {

struct RegistryContents {
  RegistrySnapshot snapshot;
  RegistryIds ids;
};

// DataLoss names an invalid row.
absl::StatusOr<RegistryContents> ReadRegistry(storage::Connection& connection);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_SQLITE_REGISTRY_READER_H_
