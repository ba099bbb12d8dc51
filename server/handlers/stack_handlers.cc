#include "server/handlers/stack_handlers.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/functional/function_ref.h"
#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/json/json_writer.h"
#include "api/stacks/preview_json.h"
#include "api/stacks/stack_definition_json.h"
#include "api/stacks/stack_json.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stack_parameters.h"
#include "platform/base/text.h"
#include "server/handlers/action_handlers.h"
#include "server/handlers/change_origin.h"
#include "server/handlers/event_handlers.h"
#include "server/handlers/output_handlers.h"
#include "server/handlers/process_handlers.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_responses.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/definition.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"
#include "stacks/model/stack_health.h"
#include "stacks/registry/registry_preview.h"

namespace tallyman::server {
namespace {

using StackPointer = std::shared_ptr<const stacks::Stack>;

constexpr std::string_view kExpectedBody =
    R"(application/json, for example {"name":"shop",)"
    R"("procfile":"web: bin/web\n"})";

// The origin of a change to `definition`. Its fields are all of the definition;
// the launch hash of a process covers the rest of that process.
absl::StatusOr<stacks::Origin> DefinitionOrigin(
    const RequestContext& context, std::string_view method,
    std::string_view path, const stacks::StackDefinition& definition) {
  constexpr size_t kFieldsOfStack = 4;
  constexpr size_t kFieldsOfProcess = 5;
  std::vector<std::string> fields;
  fields.reserve(kFieldsOfStack +
                 kFieldsOfProcess * definition.processes.size());
  fields.emplace_back(method);
  fields.emplace_back(path);
  fields.push_back(definition.name);
  fields.push_back(definition.environment);
  for (const stacks::ProcessDefinition& process : definition.processes) {
    fields.push_back(process.name);
    fields.push_back(process.LaunchHash());
    fields.push_back(process.stop_sequence.ToString());
    fields.push_back(absl::StrCat(process.max_instances));
    fields.push_back(absl::StrCat(process.instances));
  }
  return ChangeOrigin(context, fields);
}

void WriteStack(const stacks::Stack& stack, const StackSnapshots& now,
                api::JsonWriter& json) {
  api::WriteStack(stack, stacks::StackHealth(stack, *now.registry, *now.status),
                  json);
}

api::Response RenderStack(const RequestContext& context,
                          const StackSnapshots& now,
                          const stacks::Stack& stack) {
  return RenderItem(
      context, [&](api::JsonWriter& json) { WriteStack(stack, now, json); });
}

HandlerResult ListStacks(const StackServices& services,
                         const RequestContext& context) {
  const StackSnapshots now = CurrentSnapshots(services);
  const std::optional<std::string_view> name =
      api::Read(context.request.params, api::kStackNameParameter);
  const std::optional<std::string_view> environment =
      api::Read(context.request.params, api::kStackEnvironmentParameter);
  std::vector<const stacks::Stack*> found;
  found.reserve(now.registry->stacks.size());
  for (const StackPointer& stack : now.registry->stacks) {
    if (name && *name != stack->name) continue;
    if (environment && *environment != stack->environment) continue;
    found.push_back(stack.get());
  }
  return RenderItems(context, found.size(),
                     [&](api::JsonWriter& json, size_t i) {
                       WriteStack(*found[i], now, json);
                     });
}

HandlerResult GetStack(const StackServices& services,
                       const RequestContext& context) {
  const StackSnapshots now = CurrentSnapshots(services);
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  return RenderStack(context, now, **stack);
}

// The answer to a dry run: the preview that `make(snapshot)` makes of a change.
HandlerResult RunDry(const StackServices& services,
                     const RequestContext& context,
                     absl::FunctionRef<absl::StatusOr<stacks::Preview>(
                         const stacks::SnapshotPointer&)>
                         make) {
  const stacks::SnapshotPointer now = services.registry.Snapshot();
  const absl::StatusOr<stacks::Preview> preview = make(now);
  if (!preview.ok()) return api::ErrorFromStatus(preview.status());
  return RenderPreview(context, *preview, *now);
}

HandlerResult CreateStack(const StackServices& services,
                          const RequestContext& context) {
  const absl::StatusOr<bool> is_dry_run =
      api::ParseDryRun(context.request.params);
  if (!is_dry_run.ok()) return api::ErrorFromStatus(is_dry_run.status());
  if (!api::HasContentType(context.request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(context.request, kExpectedBody);
  }
  const absl::StatusOr<stacks::StackDefinition> definition =
      api::ParseStackDefinition(context.request.body);
  if (!definition.ok()) return api::ErrorFromStatus(definition.status());
  const absl::StatusOr<stacks::Origin> origin =
      DefinitionOrigin(context, "POST", "/stacks", *definition);
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  if (*is_dry_run) {
    return RunDry(services, context, [&](const stacks::SnapshotPointer& now) {
      return stacks::PreviewCreate(now, *definition, services.server_uid);
    });
  }
  const absl::StatusOr<StackPointer> stack =
      services.registry.CreateStack(*definition, services.server_uid, *origin);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  api::Response response =
      RenderStack(context, CurrentSnapshots(services), **stack);
  SetCreated(context, absl::StrCat("/stacks/", (*stack)->uid), response);
  return response;
}

HandlerResult ReplaceStack(const StackServices& services,
                           const RequestContext& context) {
  const absl::StatusOr<bool> is_dry_run =
      api::ParseDryRun(context.request.params);
  if (!is_dry_run.ok()) return api::ErrorFromStatus(is_dry_run.status());
  const std::string& uid = context.path_params[0];
  if (!api::HasContentType(context.request, api::kJsonMediaType)) {
    return api::UnsupportedMediaType(context.request, kExpectedBody);
  }
  const absl::StatusOr<stacks::StackDefinition> definition =
      api::ParseStackDefinition(context.request.body);
  if (!definition.ok()) return api::ErrorFromStatus(definition.status());
  const absl::StatusOr<stacks::Origin> origin = DefinitionOrigin(
      context, "PUT", absl::StrCat("/stacks/", uid), *definition);
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  if (*is_dry_run) {
    return RunDry(services, context, [&](const stacks::SnapshotPointer& now) {
      return stacks::PreviewReplace(now, uid, *definition, services.server_uid);
    });
  }
  const absl::StatusOr<StackPointer> stack = services.registry.ReplaceStack(
      uid, *definition, services.server_uid, *origin);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  return RenderStack(context, CurrentSnapshots(services), **stack);
}

HandlerResult DeleteStack(const StackServices& services,
                          const RequestContext& context) {
  const absl::StatusOr<bool> is_dry_run =
      api::ParseDryRun(context.request.params);
  if (!is_dry_run.ok()) return api::ErrorFromStatus(is_dry_run.status());
  const std::string& uid = context.path_params[0];
  const absl::StatusOr<stacks::Origin> origin =
      ChangeOrigin(context, {"DELETE", absl::StrCat("/stacks/", uid)});
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  if (*is_dry_run) {
    return RunDry(services, context, [&](const stacks::SnapshotPointer& now) {
      return stacks::PreviewDelete(now, uid);
    });
  }
  return RenderAction(services, context,
                      services.registry.DeleteStack(uid, *origin));
}

// This server answers, so it is healthy. No state of other servers is known
// here.
stacks::Health ServerHealth(const StackServices& services,
                            const stacks::Server& server) {
  return server.uid == services.server_uid ? stacks::Health::kHealthy
                                           : stacks::Health::kUnknown;
}

HandlerResult ListServers(const StackServices& services,
                          const RequestContext& context) {
  const StackSnapshots now = CurrentSnapshots(services);
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const auto& servers = now.registry->servers;
  return RenderItems(
      context, servers.size(), [&](api::JsonWriter& json, size_t i) {
        api::WriteServer(*servers[i], (*stack)->uid,
                         ServerHealth(services, *servers[i]), json);
      });
}

HandlerResult GetServer(const StackServices& services,
                        const RequestContext& context) {
  const StackSnapshots now = CurrentSnapshots(services);
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const std::string& uid = context.path_params[1];
  const stacks::Server* const server = now.registry->FindServer(uid);
  if (server == nullptr) {
    return api::Error{api::ErrorKind::kNotFound,
                      absl::StrCat("there is no server ", base::Quote(uid))};
  }
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteServer(*server, (*stack)->uid, ServerHealth(services, *server),
                     json);
  });
}

}  // namespace

void AddStackRoutes(const StackServices& services, Router& router) {
  const auto add = [&](const api::Operation& operation, StackHandler handler,
                       bool is_fast = false) {
    router.Add(operation, WithServices(services, handler), is_fast);
  };
  constexpr bool kFast = true;  // Reads snapshots only.
  add(api::kListStacks, ListStacks, kFast);
  add(api::kCreateStack, CreateStack);
  add(api::kGetStack, GetStack, kFast);
  add(api::kReplaceStack, ReplaceStack);
  add(api::kDeleteStack, DeleteStack);
  add(api::kListServers, ListServers, kFast);
  add(api::kGetServer, GetServer, kFast);
  AddProcessRoutes(services, router);
  AddOutputRoutes(services, router);
  AddActionRoutes(services, router);
  AddEventRoutes(services, router);
  for (const api::Operation* const operation : api::StackOperations()) {
    CHECK(absl::c_linear_search(router.operations(), operation))
        << operation->id << " has no handler";
  }
}

}  // namespace tallyman::server
