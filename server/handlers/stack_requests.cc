#include "server/handlers/stack_requests.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/http/error.h"
#include "api/http/etag.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/stacks/action_json.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"
#include "platform/base/text.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";
constexpr size_t kMaxIdempotencyKeyBytes = 255;

bool IsVisible(char c) { return c > ' ' && c < '\x7f'; }

// The value of the header, which may be empty; nullopt if there is none.
std::optional<std::string_view> FindHeader(const api::Request& request,
                                           std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

}  // namespace

Endpoint StackEndpoint(auth::Scope scope, const StackServices& services,
                       StackHandler handle) {
  return {.scope = scope,
          .handler = [services, handle](const RequestContext& context) {
            return handle(services, context);
          }};
}

StackView Look(const StackServices& services) {
  return {.registry = services.registry.Snapshot(),
          .status = services.status.Status()};
}

absl::Status NoSuchStack(std::string_view uid) {
  return absl::NotFoundError(
      absl::StrCat("there is no stack ", base::Quote(uid)));
}

absl::StatusOr<const stacks::Stack*> FindStack(
    const stacks::RegistrySnapshot& registry, const RequestContext& context) {
  const std::string& uid = context.path_params[0];
  const stacks::Stack* const stack = registry.FindStack(uid);
  if (stack == nullptr) return NoSuchStack(uid);
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

absl::StatusOr<std::string> ServerFilter(
    const stacks::RegistrySnapshot& registry, const api::Params& params) {
  const std::optional<std::string_view> uid = params.Get("server_uid");
  if (!uid) return "";
  if (registry.FindServer(*uid) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("server_uid: there is no server ", base::Quote(*uid)));
  }
  return std::string(*uid);
}

absl::StatusOr<stacks::Origin> OriginOf(
    const RequestContext& context, const std::vector<std::string>& fields) {
  stacks::Origin origin = {.user = std::string(context.user),
                           .now = absl::Now()};
  const std::optional<std::string_view> key =
      FindHeader(context.request, kIdempotencyKey);
  if (!key) return origin;
  if (key->empty() || key->size() > kMaxIdempotencyKeyBytes ||
      !absl::c_all_of(*key, IsVisible)) {
    return absl::InvalidArgumentError(absl::StrCat(
        kIdempotencyKey, ": ", base::Quote(*key), " is not 1 to ",
        kMaxIdempotencyKeyBytes, " visible ASCII characters without spaces"));
  }
  origin.idempotency_key = std::string(*key);
  // With the sizes before them, no fields can be taken for others.
  std::string text;
  for (const std::string& field : fields) {
    absl::StrAppend(&text, field.size(), ":", field, ";");
  }
  origin.fingerprint = api::ContentHash(text);
  return origin;
}

bool HasJson(const api::Request& request) {
  const std::string_view type = request.Header("Content-Type");
  return absl::EqualsIgnoreCase(
      absl::StripAsciiWhitespace(type.substr(0, type.find(';'))),
      "application/json");
}

api::Error UnsupportedBody(const api::Request& request,
                           std::string_view what_to_send) {
  return {api::ErrorKind::kUnsupportedMediaType,
          absl::StrCat("the Content-Type is ",
                       base::Quote(request.Header("Content-Type")), "; send ",
                       what_to_send)};
}

api::Response RenderPage(
    const storage::PageInfo& page,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write) {
  api::Response response;
  response.body =
      api::RenderPage(page, static_cast<size_t>(page.end - page.begin), write);
  return response;
}

HandlerResult RenderItems(
    const RequestContext& context, size_t count,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write) {
  const absl::StatusOr<storage::PageRequest> page =
      api::ParsePageRequest(context.request.params);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  const storage::PageInfo info =
      storage::Paginate(*page, static_cast<int64_t>(count));
  return RenderPage(info, [&](api::JsonWriter& json, size_t i) {
    write(json, static_cast<size_t>(info.begin) + i);
  });
}

api::Response RenderItem(const RequestContext& context,
                         absl::FunctionRef<void(api::JsonWriter&)> write) {
  api::Response response;
  response.body = api::RenderOne(context.mount, write);
  return response;
}

HandlerResult RenderAction(const StackServices& services,
                           const RequestContext& context,
                           const absl::StatusOr<stacks::Action>& action) {
  if (!action.ok()) return api::ErrorFromStatus(action.status());
  return RenderItem(context, [&](api::JsonWriter& json) {
    api::WriteAction(*action, services.redactor, json);
  });
}

}  // namespace tallyman::server
