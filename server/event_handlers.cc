#include "server/event_handlers.h"

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "api/error.h"
#include "api/event_json.h"
#include "api/http.h"
#include "api/json_writer.h"
#include "api/stacks_envelope.h"
#include "auth/token.h"
#include "server/router.h"
#include "server/stack_requests.h"
#include "server/stack_services.h"
#include "stacks/event_log.h"
#include "stacks/pagination.h"
#include "stacks/registry.h"

namespace tallyman::server {
namespace {

// Events outlive their stack, but a stack that has none and isn't there never
// was: its removal is an event.
HandlerResult ListEvents(const StackServices& services,
                         const RequestContext& context) {
  const std::string& uid = context.path_params[0];
  const absl::StatusOr<stacks::PageRequest> page =
      api::ParsePageRequest(context.request.params);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  const bool is_there = services.registry.Snapshot()->FindStack(uid) != nullptr;
  const absl::StatusOr<stacks::EventPage> events =
      services.events.List(uid, *page);
  if (!events.ok()) return api::ErrorFromStatus(events.status());
  if (!is_there && events->info.count == 0) {
    return api::ErrorFromStatus(NoSuchStack(uid));
  }
  api::Response response;
  response.body = api::RenderPage(events->info, events->events.size(),
                                  [&](api::JsonWriter& json, size_t i) {
                                    api::WriteEvent(events->events[i],
                                                    services.redactor, json);
                                  });
  return response;
}

}  // namespace

void AddEventRoutes(const StackServices& services, Router& router) {
  router.Add(
      "/stacks/{uid}/events", Family::kStacks,
      {{"GET", StackEndpoint(auth::Scope::kPublic, services, ListEvents)}});
}

}  // namespace tallyman::server
