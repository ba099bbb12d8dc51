#include "server/handlers/stack_lookup.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/parameter.h"
#include "api/http/params.h"
#include "api/stacks/stack_parameters.h"
#include "platform/base/text.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"

namespace tallyman::server {

StackSnapshots CurrentSnapshots(const StackServices& services) {
  return {.registry = services.registry.Snapshot(),
          .status = services.status.Status()};
}

absl::Status StackNotFound(std::string_view uid) {
  return absl::NotFoundError(
      absl::StrCat("there is no stack ", base::Quote(uid)));
}

absl::StatusOr<const stacks::Stack*> FindStack(
    const stacks::RegistrySnapshot& registry, const RequestContext& context) {
  const std::string& uid = context.path_params[0];
  const stacks::Stack* const stack = registry.FindStack(uid);
  if (stack == nullptr) return StackNotFound(uid);
  return stack;
}

absl::StatusOr<const stacks::DesiredProcess*> FindProcess(
    const stacks::Stack& stack, std::string_view name) {
  const stacks::DesiredProcess* const process = stack.Find(name);
  if (process == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the stack ", base::Quote(stack.uid), " has no process ",
                     base::Quote(name)));
  }
  return process;
}

bool ProcessExists(const stacks::Registry& registry, std::string_view stack_uid,
                   std::string_view process) {
  const std::shared_ptr<const stacks::RegistrySnapshot> snapshot =
      registry.Snapshot();
  const stacks::Stack* const stack = snapshot->FindStack(stack_uid);
  return stack != nullptr && stack->Find(process) != nullptr;
}

absl::StatusOr<std::string> ParseServerFilter(
    const stacks::RegistrySnapshot& registry, const api::Params& params) {
  const std::optional<std::string_view> uid =
      api::Read(params, api::kServerUidParameter);
  if (!uid) return "";
  if (registry.FindServer(*uid) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("server_uid: there is no server ", base::Quote(*uid)));
  }
  return std::string(*uid);
}

absl::StatusOr<std::string> ResolveServer(
    const stacks::RegistrySnapshot& registry, std::string_view text) {
  if (registry.FindServer(text) != nullptr) return std::string(text);
  std::vector<std::string_view> uids;
  for (const auto& server : registry.servers) {
    if (server->name == text) uids.push_back(server->uid);
  }
  if (uids.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "server_count: several servers have the name ", base::Quote(text),
        "; give one of their uids: ", absl::StrJoin(uids, ", ")));
  }
  return std::string(uids.empty() ? text : uids[0]);
}

}  // namespace tallyman::server
