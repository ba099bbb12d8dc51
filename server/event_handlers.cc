#include "server/event_handlers.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
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
  stacks::EventPage found;
  return RenderHistory(
      services, context,
      [&](const std::string& uid,
          const stacks::PageRequest& page) -> absl::StatusOr<stacks::PageInfo> {
        absl::StatusOr<stacks::EventPage> listed =
            services.events.List(uid, page);
        if (!listed.ok()) return listed.status();
        found = *std::move(listed);
        return found.info;
      },
      [&](api::JsonWriter& json, size_t i) {
        api::WriteEvent(found.events[i], services.redactor, json);
      });
}

}  // namespace

void AddEventRoutes(const StackServices& services, Router& router) {
  router.Add(
      "/stacks/{uid}/events", Family::kStacks,
      {{"GET", StackEndpoint(auth::Scope::kPublic, services, ListEvents)}});
}

}  // namespace tallyman::server
