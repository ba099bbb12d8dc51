// Responses about stacks: an action, what a request would do, or a page of a
// stack's history.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_RESPONSES_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_RESPONSES_H_

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "api/http/error.h"
#include "api/json/json_writer.h"
#include "api/stacks/stacks_envelope.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"
#include "storage/pagination.h"

namespace tallyman::server {

// `action`, or the error that its status stands for.
HandlerResult RenderAction(const StackServices& services,
                           const RequestContext& context,
                           const absl::StatusOr<stacks::Action>& action);

// What a request would do.
HandlerResult RenderPreview(const RequestContext& context,
                            const stacks::Preview& preview,
                            const stacks::RegistrySnapshot& registry);

// The page that the request asks for, of the actions or events of the stack
// that the path names. `list` reads the page, which has the member `info`;
// `write(page, i, json)` writes its i-th item.
//
// History outlives its stack, and removing a stack adds to it. So 404 means
// that there is no such stack and that it has no history: it never existed.
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
  // Before the history is read: a stack that is removed in between has one.
  const bool exists = services.registry.Snapshot()->FindStack(uid) != nullptr;
  const absl::StatusOr<Page> page = list(uid, *request);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  if (!exists && page->info.count == 0) {
    return api::ErrorFromStatus(StackNotFound(uid));
  }
  return RenderPage(page->info, [&](api::JsonWriter& json, size_t i) {
    write(*page, i, json);
  });
}

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_RESPONSES_H_
