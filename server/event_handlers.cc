#include "server/event_handlers.h"

#include <cstddef>
#include <string>

#include "api/event_json.h"
#include "api/json_writer.h"
#include "auth/token.h"
#include "server/router.h"
#include "server/stack_requests.h"
#include "server/stack_services.h"
#include "stacks/event_log.h"
#include "stacks/pagination.h"

namespace tallyman::server {
namespace {

HandlerResult ListEvents(const StackServices& services,
                         const RequestContext& context) {
  return RenderHistory<stacks::EventPage>(
      services, context,
      [&](const std::string& uid, const stacks::PageRequest& request) {
        return services.events.List(uid, request);
      },
      [&](const stacks::EventPage& page, size_t i, api::JsonWriter& json) {
        api::WriteEvent(page.events[i], services.redactor, json);
      });
}

}  // namespace

void AddEventRoutes(const StackServices& services, Router& router) {
  router.Add(
      "/stacks/{uid}/events", Family::kStacks,
      {{"GET", StackEndpoint(auth::Scope::kPublic, services, ListEvents)}});
}

}  // namespace tallyman::server
