#include "server/handlers/event_handlers.h"

#include <cstddef>
#include <string>

#include "api/json/json_writer.h"
#include "api/stacks/event_json.h"
#include "api/stacks/stack_operations.h"
#include "server/handlers/stack_responses.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/registry/event_log.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

HandlerResult ListEvents(const StackServices& services,
                         const RequestContext& context) {
  return RenderHistory<stacks::EventPage>(
      services, context,
      [&](const std::string& uid, const storage::PageRequest& request) {
        return services.events.List(uid, request);
      },
      [&](const stacks::EventPage& page, size_t i, api::JsonWriter& json) {
        api::WriteEvent(page.events[i], services.redactor, json);
      });
}

}  // namespace

void AddEventRoutes(const StackServices& services, Router& router) {
  router.Add(api::kListEvents, WithServices(services, ListEvents));
}

}  // namespace tallyman::server
