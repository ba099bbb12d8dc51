// Finds the stacks, processes and servers that a request names.
//
//   const StackSnapshots now = CurrentSnapshots(services);
//   const auto stack = FindStack(*now.registry, context);
//   if (!stack.ok()) return api::ErrorFromStatus(stack.status());

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_LOOKUP_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_LOOKUP_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/params.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"

namespace tallyman::server {

// The desired state and the observed state. Both are immutable and in memory;
// the observed one may be a moment younger.
struct StackSnapshots {
  std::shared_ptr<const stacks::RegistrySnapshot> registry;
  std::shared_ptr<const stacks::StatusSnapshot> status;
};

// Costs no I/O.
StackSnapshots CurrentSnapshots(const StackServices& services);

// NotFound: `there is no stack "..."`.
absl::Status StackNotFound(std::string_view uid);

// The stack that the first parameter of the path names, or StackNotFound(). The
// pointer is valid as long as `registry`.
absl::StatusOr<const stacks::Stack*> FindStack(
    const stacks::RegistrySnapshot& registry, const RequestContext& context);

// The process of `stack` with that name; NotFound names both. The pointer is
// valid as long as `stack`.
absl::StatusOr<const stacks::DesiredProcess*> FindProcess(
    const stacks::Stack& stack, std::string_view name);

// Whether the stack exists and has the process. Costs no I/O.
bool ProcessExists(const stacks::Registry& registry, std::string_view stack_uid,
                   std::string_view process);

// The parameter `server_uid`; "" if it is absent, which means all servers.
// NotFound if `registry` has no such server.
absl::StatusOr<std::string> ParseServerFilter(
    const stacks::RegistrySnapshot& registry, const api::Params& params);

// The uid of the server that `text` names: by its uid, which wins, or by its
// name. `text` itself if there is none, which the registry refuses.
// InvalidArgument names the servers if several have the name.
absl::StatusOr<std::string> ResolveServer(
    const stacks::RegistrySnapshot& registry, std::string_view text);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_LOOKUP_H_
