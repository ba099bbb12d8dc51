// What the handlers of stacks have in common: finding what a request names, and
// writing what most of them answer.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_REQUESTS_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_REQUESTS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "auth/token.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "storage/pagination.h"

namespace tallyman::server {

using StackHandler = HandlerResult (*)(const StackServices&,
                                       const RequestContext&);

// An endpoint for tokens with `scope` that calls `handle` with the services.
Endpoint StackEndpoint(auth::Scope scope, const StackServices& services,
                       StackHandler handle);

// What is wanted and what runs, at one moment. In memory: costs no I/O.
struct StackView {
  std::shared_ptr<const stacks::RegistrySnapshot> registry;
  std::shared_ptr<const stacks::StatusSnapshot> status;
};
StackView Look(const StackServices& services);

// `there is no stack "..."`.
absl::Status NoSuchStack(std::string_view uid);

// The stack that the path names first. NotFound.
absl::StatusOr<const stacks::Stack*> FindStack(
    const stacks::RegistrySnapshot& registry, const RequestContext& context);

// The process of `stack` with that name. NotFound names both.
absl::StatusOr<const stacks::DesiredProcess*> FindProcess(
    const stacks::Stack& stack, std::string_view name);

// The parameter server_uid; "" if there is none. NotFound if there is no such
// server.
absl::StatusOr<std::string> ServerFilter(
    const stacks::RegistrySnapshot& registry, const api::Params& params);

// Who asks for a change, when, and under which Idempotency-Key. `fields` are
// all that the request asks for, as they were understood: method, path without
// mount and suffix, values. InvalidArgument for a key that is none.
absl::StatusOr<stacks::Origin> OriginOf(const RequestContext& context,
                                        const std::vector<std::string>& fields);

// Whether the body is said to be JSON.
bool HasJson(const api::Request& request);

// The error 415; `what_to_send` says what is understood.
api::Error UnsupportedBody(const api::Request& request,
                           std::string_view what_to_send);

// One page of a collection: `write(json, i)` writes its i-th item.
api::Response RenderPage(
    const storage::PageInfo& page,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write);

// The page of `count` items that the request asks for. `write(json, i)` writes
// the i-th of all.
HandlerResult RenderItems(
    const RequestContext& context, size_t count,
    absl::FunctionRef<void(api::JsonWriter&, size_t)> write);

// The page that the request asks for of what is remembered of a stack. `list`
// finds it; it has an `info`, and `write(page, i, json)` writes its i-th item.
// They outlive the stack, but a stack that has none and isn't there never was:
// its removal would be one. NotFound then.
template <typename Page>
HandlerResult RenderHistory(
    const StackServices& services, const RequestContext& context,
    absl::FunctionRef<absl::StatusOr<Page>(const std::string& uid,
                                           const storage::PageRequest& request)>
        list,
    absl::FunctionRef<void(const Page& page, size_t i, api::JsonWriter& json)>
        write) {
  const std::string& uid = context.path_params[0];
  const absl::StatusOr<storage::PageRequest> request =
      api::ParsePageRequest(context.request.params);
  if (!request.ok()) return api::ErrorFromStatus(request.status());
  const bool is_there = services.registry.Snapshot()->FindStack(uid) != nullptr;
  const absl::StatusOr<Page> page = list(uid, *request);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  if (!is_there && page->info.count == 0) {
    return api::ErrorFromStatus(NoSuchStack(uid));
  }
  return RenderPage(page->info, [&](api::JsonWriter& json, size_t i) {
    write(*page, i, json);
  });
}

// A single resource.
api::Response RenderItem(const RequestContext& context,
                         absl::FunctionRef<void(api::JsonWriter&)> write);

// The action, or why there is none.
HandlerResult RenderAction(const StackServices& services,
                           const RequestContext& context,
                           const absl::StatusOr<stacks::Action>& action);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_REQUESTS_H_
