#include "server/handlers/action_handlers.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/request_fields.h"
#include "api/json/json_writer.h"
#include "api/stacks/action_json.h"
#include "api/stacks/action_request.h"
#include "api/stacks/stack_operations.h"
#include "platform/base/text.h"
#include "server/handlers/change_origin.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_responses.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

HandlerResult ListActions(const StackServices& services,
                          const RequestContext& context) {
  return RenderHistory<stacks::ActionPage>(
      services, context,
      [&](const std::string& uid, const storage::PageRequest& request) {
        return services.registry.ListActions(uid, request);
      },
      [&](const stacks::ActionPage& page, size_t i, api::JsonWriter& json) {
        api::WriteAction(*page.actions[i], services.redactor, json);
      });
}

HandlerResult GetAction(const StackServices& services,
                        const RequestContext& context) {
  const std::string& uid = context.path_params[0];
  const std::string& text = context.path_params[1];
  int64_t id = 0;
  absl::StatusOr<std::shared_ptr<const stacks::Action>> action =
      absl::NotFoundError("");
  if (absl::c_all_of(text, absl::ascii_isdigit) &&
      absl::SimpleAtoi(text, &id)) {
    action = services.registry.GetAction(uid, id);
  }
  if (absl::IsNotFound(action.status())) {
    if (services.registry.Snapshot()->FindStack(uid) == nullptr) {
      return api::ErrorFromStatus(StackNotFound(uid));
    }
    return api::Error{api::ErrorKind::kNotFound,
                      absl::StrCat("the stack ", base::Quote(uid),
                                   " has no action ", base::Quote(text))};
  }
  if (!action.ok()) return api::ErrorFromStatus(action.status());
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteAction(**action, services.redactor, json);
  });
}

stacks::ActionKind KindOf(api::ActionRequest::Command command) {
  switch (command) {
    case api::ActionRequest::Command::kRestart:
      return stacks::ActionKind::kRestart;
    case api::ActionRequest::Command::kProcessRestart:
      return stacks::ActionKind::kProcessRestart;
    case api::ActionRequest::Command::kProcessPause:
      return stacks::ActionKind::kProcessPause;
    case api::ActionRequest::Command::kProcessResume:
      return stacks::ActionKind::kProcessResume;
    case api::ActionRequest::Command::kProcessSignal:
      return stacks::ActionKind::kProcessSignal;
  }
  return stacks::ActionKind::kRestart;
}

// The numbers of the instances of a process on this server.
std::vector<int64_t> PresentInstances(const StackServices& services,
                                      std::string_view stack_uid,
                                      std::string_view process) {
  std::vector<int64_t> numbers;
  const auto status = services.status.Status();
  const stacks::ProcessStatus* const found = status->Find(stack_uid, process);
  if (found == nullptr) return numbers;
  numbers.reserve(found->instances.size());
  for (const stacks::InstanceStatus& instance : found->instances) {
    numbers.push_back(instance.number);
  }
  return numbers;
}

HandlerResult StartAction(const StackServices& services,
                          const RequestContext& context) {
  if (!api::HasSupportedBodyType(context.request)) {
    return api::UnsupportedMediaType(
        context.request,
        R"(application/json, for example {"command":"process_restart",)"
        R"("process_name":"web"}, or application/x-www-form-urlencoded, or )"
        "parameters in the address and no body");
  }
  const absl::StatusOr<api::ActionRequest> request =
      api::ParseActionRequest(context.request);
  if (!request.ok()) return api::ErrorFromStatus(request.status());
  stacks::ProcessCommand command = {.kind = KindOf(request->command),
                                    .stack_uid = context.path_params[0],
                                    .process = request->process_name,
                                    .server_uid = request->server_uid,
                                    .instance = request->instance,
                                    .signal = request->signal};
  std::vector<std::string> fields = {
      "POST", absl::StrCat("/stacks/", command.stack_uid, "/actions"),
      std::string(stacks::ActionKindName(command.kind)), command.process,
      command.server_uid};
  // Not of other requests: their fingerprints stay those of earlier versions.
  if (command.instance != 0) {
    fields.push_back(absl::StrCat("instance ", command.instance));
    command.present_instances[services.server_uid] =
        PresentInstances(services, command.stack_uid, command.process);
  }
  if (!command.signal.empty()) fields.push_back(command.signal);
  const absl::StatusOr<stacks::Origin> origin = ChangeOrigin(context, fields);
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  return RenderAction(services, context,
                      services.registry.Run(command, *origin));
}

}  // namespace

void AddActionRoutes(const StackServices& services, Router& router) {
  router.Add(api::kListActions, WithServices(services, ListActions));
  router.Add(api::kStartAction, WithServices(services, StartAction));
  router.Add(api::kGetAction, WithServices(services, GetAction));
}

}  // namespace tallyman::server
