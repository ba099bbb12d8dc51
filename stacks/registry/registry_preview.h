// What a change of a stack would do, without doing it: the rules of the
// registry (registry_draft.h), applied to a snapshot. Nothing here can write.
//
//   const auto preview = PreviewScale(registry.Snapshot(), command);
//   if (!preview.ok()) return preview.status();  // as Registry::Scale() would
//
// Thread-safe.

#ifndef TALLYMAN_STACKS_REGISTRY_REGISTRY_PREVIEW_H_
#define TALLYMAN_STACKS_REGISTRY_REGISTRY_PREVIEW_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "stacks/model/definition.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"

namespace tallyman::stacks {

using SnapshotPointer = std::shared_ptr<const RegistrySnapshot>;

// What the functions of Registry with these names would do now, with the same
// checks and the same errors. Idempotency keys have no part in it.
absl::StatusOr<Preview> PreviewCreate(const SnapshotPointer& now,
                                      const StackDefinition& definition,
                                      std::string_view server_uid);
absl::StatusOr<Preview> PreviewReplace(const SnapshotPointer& now,
                                       std::string_view uid,
                                       const StackDefinition& definition,
                                       std::string_view server_uid);
absl::StatusOr<Preview> PreviewDelete(const SnapshotPointer& now,
                                      std::string_view uid);
absl::StatusOr<Preview> PreviewScale(const SnapshotPointer& now,
                                     const ScaleCommand& command);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_REGISTRY_PREVIEW_H_
