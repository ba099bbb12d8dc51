#include "server/process_handlers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/error.h"
#include "api/etag.h"
#include "api/http.h"
#include "api/json_writer.h"
#include "api/process_json.h"
#include "api/request_fields.h"
#include "api/scale_request.h"
#include "api/stacks_envelope.h"
#include "auth/token.h"
#include "server/router.h"
#include "server/stack_requests.h"
#include "server/stack_services.h"
#include "stacks/registry.h"
#include "stacks/text.h"

namespace tallyman::server {
namespace {

// No process ever has it.
constexpr int64_t kNoRevision = -1;

api::ProcessView ViewOf(const StackServices& services, const StackView& view,
                        const stacks::Stack& stack,
                        std::string_view server_uid) {
  return {.registry = *view.registry,
          .status = *view.status,
          .stack = stack,
          .redactor = services.redactor,
          .server_uid = server_uid};
}

HandlerResult ListProcesses(const StackServices& services,
                            const RequestContext& context) {
  const StackView view = Look(services);
  const auto stack = FindStack(*view.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const absl::StatusOr<std::string> server_uid =
      ServerFilter(*view.registry, context.request.params);
  if (!server_uid.ok()) return api::ErrorFromStatus(server_uid.status());
  const api::ProcessView processes =
      ViewOf(services, view, **stack, *server_uid);
  std::vector<const stacks::WantedProcess*> shown;
  shown.reserve((*stack)->processes.size());
  for (const auto& process : (*stack)->processes) {
    if (server_uid->empty() || api::IsWantedOrRuns(processes, *process)) {
      shown.push_back(process.get());
    }
  }
  return RenderItems(
      context, shown.size(), [&](api::JsonWriter& json, size_t i) {
        api::WriteProcess(context.mount, processes, *shown[i], json);
      });
}

HandlerResult GetProcess(const StackServices& services,
                         const RequestContext& context) {
  const StackView view = Look(services);
  const auto stack = FindStack(*view.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const auto process = FindProcess(**stack, context.path_params[1]);
  if (!process.ok()) return api::ErrorFromStatus(process.status());
  const absl::StatusOr<std::string> server_uid =
      ServerFilter(*view.registry, context.request.params);
  if (!server_uid.ok()) return api::ErrorFromStatus(server_uid.status());
  const api::ProcessView processes =
      ViewOf(services, view, **stack, *server_uid);
  const auto write = [&](api::JsonWriter& json) {
    api::WriteProcess(context.mount, processes, **process, json);
  };
  // The plain mount shows a list here as well, as the samples of the API do.
  HandlerResult result = context.mount == api::Mount::kPlain
                             ? RenderItems(context, 1,
                                           [&](api::JsonWriter& json,
                                               size_t /*i*/) { write(json); })
                             : RenderItem(context, write);
  if (auto* const response = std::get_if<api::Response>(&result)) {
    const std::string etag = api::ProcessEtag(processes, **process);
    if (api::IsUnchanged(context.request, etag)) return api::NotModified(etag);
    response->AddHeader("ETag", etag);
  }
  return result;
}

// The entity tag of a process that is there; "" otherwise.
std::string EtagNow(const StackServices& services, const StackView& view,
                    const stacks::ScaleCommand& command) {
  const stacks::Stack* const stack =
      view.registry->FindStack(command.stack_uid);
  if (stack == nullptr) return "";
  const stacks::WantedProcess* const process = stack->Find(command.process);
  if (process == nullptr) return "";
  return api::ProcessEtag(ViewOf(services, view, *stack, ""), *process);
}

// The revision that the process must have by If-Match; nullopt: any. The
// registry compares, so that nothing comes in between; it also finds what isn't
// there, and requests that it has answered before (Idempotency-Key), which
// succeed again although they have changed the process.
absl::StatusOr<std::optional<int64_t>> ExpectedRevision(
    const StackServices& services, const RequestContext& context,
    const stacks::ScaleCommand& command) {
  const absl::StatusOr<std::optional<api::EtagList>> wanted =
      api::ParseIfMatch(context.request);
  if (!wanted.ok()) return wanted.status();
  if (!*wanted || (*wanted)->any) return std::nullopt;
  const StackView view = Look(services);
  const std::string etag = EtagNow(services, view, command);
  if (etag.empty() || !(*wanted)->HasStrong(etag)) return kNoRevision;
  return view.registry->FindStack(command.stack_uid)
      ->Find(command.process)
      ->revision;
}

HandlerResult ScaleProcess(const StackServices& services,
                           const RequestContext& context) {
  if (!api::HasSupportedBodyType(context.request)) {
    return UnsupportedBody(
        context.request,
        R"(application/json, for example {"process_name":"web",)"
        R"("server_count":{"SERVER_UID":4}}, or )"
        "application/x-www-form-urlencoded, or parameters in the address and "
        "no body");
  }
  const absl::StatusOr<api::ScaleRequest> scale =
      api::ParseScaleRequest(context.request);
  if (!scale.ok()) return api::ErrorFromStatus(scale.status());
  stacks::ScaleCommand command = {.stack_uid = context.path_params[0],
                                  .process = scale->process_name,
                                  .counts = scale->counts};
  absl::c_sort(command.counts);
  std::vector<std::string> fields = {
      "POST", absl::StrCat("/stacks/", command.stack_uid, "/processes"),
      command.process};
  fields.reserve(fields.size() + command.counts.size());
  for (const auto& [server_uid, count] : command.counts) {
    fields.push_back(absl::StrCat(server_uid, ":", count));
  }
  const absl::StatusOr<stacks::Origin> origin = OriginOf(context, fields);
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  const absl::StatusOr<std::optional<int64_t>> expected =
      ExpectedRevision(services, context, command);
  if (!expected.ok()) return api::ErrorFromStatus(expected.status());
  command.expected_revision = *expected;
  const absl::StatusOr<stacks::Action> action =
      services.registry.Scale(command, *origin);
  if (absl::IsAborted(action.status())) {
    return api::Error{
        api::ErrorKind::kPreconditionFailed,
        absl::StrCat("If-Match: the process ", stacks::Quote(command.process),
                     " has changed; its ETag is now ",
                     EtagNow(services, Look(services), command))};
  }
  return RenderAction(services, context, action);
}

}  // namespace

void AddProcessRoutes(const StackServices& services, Router& router) {
  router.Add(
      "/stacks/{uid}/processes", Family::kStacks,
      {{"GET", StackEndpoint(auth::Scope::kPublic, services, ListProcesses)},
       {"POST", StackEndpoint(auth::Scope::kAdmin, services, ScaleProcess)}});
  router.Add(
      "/stacks/{uid}/processes/{name}", Family::kStacks,
      {{"GET", StackEndpoint(auth::Scope::kPublic, services, GetProcess)}});
}

}  // namespace tallyman::server
