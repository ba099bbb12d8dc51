#include "server/handlers/process_handlers.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/error.h"
#include "api/http/etag.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/request_fields.h"
#include "api/json/json_writer.h"
#include "api/stacks/preview_json.h"
#include "api/stacks/process_json.h"
#include "api/stacks/scale_request.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stacks_envelope.h"
#include "platform/base/text.h"
#include "server/handlers/change_origin.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_responses.h"
#include "server/handlers/stack_services.h"
#include "server/handlers/view_cache.h"
#include "server/routing/router.h"
#include "stacks/model/process_state.h"
#include "stacks/model/registry.h"
#include "stacks/registry/registry_preview.h"

namespace tallyman::server {
namespace {

// The revision of no process: revisions are never negative.
constexpr int64_t kNoRevision = -1;

api::ProcessView MakeProcessView(const StackServices& services,
                                 const StackSnapshots& now,
                                 const stacks::Stack& stack,
                                 std::string_view server_uid) {
  return {.registry = *now.registry,
          .status = *now.status,
          .stack = stack,
          .redactor = services.redactor,
          .server_uid = server_uid};
}

// Everything in the request that the body of a response to GET depends on. The
// size before each value keeps different requests different; the number of path
// parameters distinguishes the resources.
std::string CacheKey(const RequestContext& context) {
  std::string key =
      absl::StrCat(context.mount == api::Mount::kApi3 ? "api3" : "plain",
                   context.path_params.size());
  const auto add = [&key](std::string_view value) {
    absl::StrAppend(&key, ";", value.size(), ":", value);
  };
  for (const std::string& param : context.path_params) add(param);
  if (context.request.params.all().empty()) return key;
  for (const api::Parameter* const parameter : context.operation.query) {
    if (const auto value = api::Read(context.request.params, *parameter)) {
      add(parameter->name);
      add(*value);
    }
  }
  return key;
}

api::Response Respond(const CachedBody& cached, const RequestContext& context) {
  if (!cached.etag.empty() && api::IsUnchanged(context.request, cached.etag)) {
    return api::NotModified(cached.etag);
  }
  api::Response response;
  response.shared_body = cached.body;
  if (!cached.etag.empty()) response.AddHeader("ETag", cached.etag);
  return response;
}

HandlerResult RenderProcessList(const StackServices& services,
                                const StackSnapshots& now,
                                const RequestContext& context) {
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const absl::StatusOr<std::string> server_uid =
      ParseServerFilter(*now.registry, context.request.params);
  if (!server_uid.ok()) return api::ErrorFromStatus(server_uid.status());
  const api::ProcessView processes =
      MakeProcessView(services, now, **stack, *server_uid);
  std::vector<const stacks::DesiredProcess*> shown;
  shown.reserve((*stack)->processes.size());
  for (const auto& process : (*stack)->processes) {
    if (server_uid->empty() ||
        stacks::IsDesiredOrRunning(**stack, *process, *now.status,
                                   *server_uid)) {
      shown.push_back(process.get());
    }
  }
  return RenderItems(
      context, shown.size(), [&](api::JsonWriter& json, size_t i) {
        api::WriteProcess(context.mount, processes, *shown[i], json);
      });
}

HandlerResult RenderOneProcess(const StackServices& services,
                               const StackSnapshots& now,
                               const RequestContext& context,
                               std::string& etag) {
  const auto stack = FindStack(*now.registry, context);
  if (!stack.ok()) return api::ErrorFromStatus(stack.status());
  const auto process = FindProcess(**stack, context.path_params[1]);
  if (!process.ok()) return api::ErrorFromStatus(process.status());
  const absl::StatusOr<std::string> server_uid =
      ParseServerFilter(*now.registry, context.request.params);
  if (!server_uid.ok()) return api::ErrorFromStatus(server_uid.status());
  const api::ProcessView processes =
      MakeProcessView(services, now, **stack, *server_uid);
  etag = api::ProcessEtag(processes, **process);
  const auto write = [&](api::JsonWriter& json) {
    api::WriteProcess(context.mount, processes, **process, json);
  };
  // The plain mount shows a page of one, as the samples of the API do. The
  // other one accepts the same parameters.
  if (const auto page = api::ParsePageRequest(context.request.params);
      !page.ok()) {
    return api::ErrorFromStatus(page.status());
  }
  return context.mount == api::Mount::kPlain
             ? RenderItems(
                   context, 1,
                   [&](api::JsonWriter& json, size_t /*i*/) { write(json); })
             : RenderItem(context, write);
}

// The response from `cache`, or the one that `render(now, etag)` makes, which
// goes into the cache. Errors do not.
HandlerResult RenderCached(
    const StackServices& services, ViewCache& cache,
    const RequestContext& context,
    absl::FunctionRef<HandlerResult(const StackSnapshots&, std::string&)>
        render) {
  const StackSnapshots now = CurrentSnapshots(services);
  const std::string key = CacheKey(context);
  if (const std::optional<CachedBody> kept = cache.Find(now, key)) {
    return Respond(*kept, context);
  }
  CachedBody made;
  HandlerResult result = render(now, made.etag);
  auto* const response = std::get_if<api::Response>(&result);
  if (response == nullptr) return result;
  made.body = std::make_shared<const std::string>(std::move(response->body));
  cache.Put(now, key, made);
  return Respond(made, context);
}

HandlerResult ListProcesses(const StackServices& services, ViewCache& cache,
                            const RequestContext& context) {
  return RenderCached(services, cache, context,
                      [&](const StackSnapshots& now, std::string& /*etag*/) {
                        return RenderProcessList(services, now, context);
                      });
}

HandlerResult GetProcess(const StackServices& services, ViewCache& cache,
                         const RequestContext& context) {
  return RenderCached(services, cache, context,
                      [&](const StackSnapshots& now, std::string& etag) {
                        return RenderOneProcess(services, now, context, etag);
                      });
}

// The entity tag of the process that `command` names; "" if there is none.
std::string CurrentEtag(const StackServices& services,
                        const StackSnapshots& now,
                        const stacks::ScaleCommand& command) {
  const stacks::Stack* const stack = now.registry->FindStack(command.stack_uid);
  if (stack == nullptr) return "";
  const stacks::DesiredProcess* const process = stack->Find(command.process);
  if (process == nullptr) return "";
  return api::ProcessEtag(MakeProcessView(services, now, *stack, ""), *process);
}

// The revision that If-Match requires of the process; nullopt means any. The
// registry compares it in the transaction of the change. It first reports a
// missing stack or process, and repeats the response to a known
// Idempotency-Key, although that request has changed the process since.
absl::StatusOr<std::optional<int64_t>> ExpectedRevision(
    const StackServices& services, const RequestContext& context,
    const stacks::ScaleCommand& command) {
  const absl::StatusOr<std::optional<api::EtagList>> if_match =
      api::ParseIfMatch(context.request);
  if (!if_match.ok()) return if_match.status();
  if (!*if_match || (*if_match)->any) return std::nullopt;
  const StackSnapshots now = CurrentSnapshots(services);
  const std::string etag = CurrentEtag(services, now, command);
  if (etag.empty() || !(*if_match)->HasStrong(etag)) return kNoRevision;
  return now.registry->FindStack(command.stack_uid)
      ->Find(command.process)
      ->revision;
}

// The error of a scale; one of If-Match names the present entity tag.
api::Error ScaleError(const StackServices& services,
                      const stacks::ScaleCommand& command,
                      const absl::Status& why) {
  if (!absl::IsAborted(why)) return api::ErrorFromStatus(why);
  return api::Error{
      api::ErrorKind::kPreconditionFailed,
      absl::StrCat("If-Match: the process ", base::Quote(command.process),
                   " has changed; its ETag is now ",
                   CurrentEtag(services, CurrentSnapshots(services), command))};
}

HandlerResult ScaleProcess(const StackServices& services,
                           const RequestContext& context) {
  const absl::StatusOr<bool> is_dry_run =
      api::ParseDryRun(context.request.params);
  if (!is_dry_run.ok()) return api::ErrorFromStatus(is_dry_run.status());
  if (!api::HasSupportedBodyType(context.request)) {
    return api::UnsupportedMediaType(
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
  const std::shared_ptr<const stacks::RegistrySnapshot> registry =
      services.registry.Snapshot();
  for (auto& [server, count] : command.counts) {
    absl::StatusOr<std::string> uid = ResolveServer(*registry, server);
    if (!uid.ok()) return api::ErrorFromStatus(uid.status());
    server = *std::move(uid);
  }
  absl::c_sort(command.counts);
  std::vector<std::string> fields = {
      "POST", absl::StrCat("/stacks/", command.stack_uid, "/processes"),
      command.process};
  fields.reserve(fields.size() + command.counts.size());
  for (const auto& [server_uid, count] : command.counts) {
    fields.push_back(absl::StrCat(server_uid, ":", count));
  }
  const absl::StatusOr<stacks::Origin> origin = ChangeOrigin(context, fields);
  if (!origin.ok()) return api::ErrorFromStatus(origin.status());
  const absl::StatusOr<std::optional<int64_t>> expected =
      ExpectedRevision(services, context, command);
  if (!expected.ok()) return api::ErrorFromStatus(expected.status());
  command.expected_revision = *expected;
  if (*is_dry_run) {
    const auto now = services.registry.Snapshot();
    const auto preview = stacks::PreviewScale(now, command);
    if (!preview.ok()) return ScaleError(services, command, preview.status());
    return RenderPreview(context, *preview, *now);
  }
  const absl::StatusOr<stacks::Action> action =
      services.registry.Scale(command, *origin);
  if (!action.ok()) return ScaleError(services, command, action.status());
  return RenderAction(services, context, action);
}

}  // namespace

void AddProcessRoutes(const StackServices& services, Router& router) {
  const auto cache = std::make_shared<ViewCache>();
  const auto add_cached = [&](const api::Operation& operation, auto handle) {
    router.Add(
        operation,
        [services, cache, handle](const RequestContext& context) {
          return handle(services, *cache, context);
        },
        /*is_fast=*/true);
  };
  add_cached(api::kListProcesses, ListProcesses);
  router.Add(api::kScaleProcess, WithServices(services, ScaleProcess));
  add_cached(api::kGetProcess, GetProcess);
}

}  // namespace tallyman::server
