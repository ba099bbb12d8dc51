#include "server/linux/stacks_file.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/stacks/stack_definition_json.h"
#include "server/linux/operator_file.h"
#include "stacks/model/definition.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"
#include "storage/storage_error.h"

namespace tallyman::server {
namespace {

// The stack that a definition of the file updates; null if there is none.
const stacks::Stack* FindByName(const stacks::RegistrySnapshot& snapshot,
                                const stacks::StackDefinition& definition) {
  for (const auto& stack : snapshot.stacks) {
    if (stack->name == definition.name &&
        stack->environment == definition.environment) {
      return stack.get();
    }
  }
  return nullptr;
}

}  // namespace

absl::Status ApplyStacksFile(
    const std::string& path, stacks::Registry& registry,
    const std::string& server_uid,
    const std::function<void(const stacks::Notice&)>& notify) {
  absl::StatusOr<std::string> text = ReadOperatorFile(path);
  if (!text.ok()) return text.status();
  // Paths in the file are relative to its directory.
  const std::string directory =
      path.substr(0, path.find_last_of('/') + 1);  // "" if there is no slash
  absl::StatusOr<std::vector<stacks::StackDefinition>> definitions =
      api::ParseStacksFile(*text, [&](std::string_view relative) {
        return ReadOperatorFile(relative.starts_with('/')
                                    ? std::string(relative)
                                    : absl::StrCat(directory, relative));
      });
  if (!definitions.ok()) return definitions.status();
  for (const stacks::StackDefinition& definition : *definitions) {
    const stacks::Origin origin{
        .user = "stacks_file", .started_via = "file", .now = absl::Now()};
    const std::shared_ptr<const stacks::RegistrySnapshot> snapshot =
        registry.Snapshot();
    const stacks::Stack* const present = FindByName(*snapshot, definition);
    const auto applied =
        present == nullptr
            ? registry.CreateStack(definition, server_uid, origin)
            : registry.ReplaceStack(present->uid, definition, server_uid,
                                    origin);
    if (const absl::Status& reason = applied.status();
        !storage::IsStorageError(reason) &&
        (absl::IsFailedPrecondition(reason) ||
         absl::IsInvalidArgument(reason))) {
      // The definition is valid, but conflicts with the present state, which an
      // operator can change only while the server runs.
      notify({.severity = stacks::Notice::Severity::kError,
              .event = "stack_not_applied",
              .what = absl::StrCat(definition.name, ": ", reason.message())});
      continue;
    }
    if (!applied.ok()) {
      return absl::Status(applied.status().code(),
                          absl::StrCat("stack \"", definition.name,
                                       "\": ", applied.status().message()));
    }
    notify({.event = "stack_defined",
            .what = absl::StrCat(definition.name, " is ", (*applied)->uid)});
  }
  return absl::OkStatus();
}

}  // namespace tallyman::server
