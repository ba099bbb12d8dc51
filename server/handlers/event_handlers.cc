#include "server/handlers/event_handlers.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/json/json_writer.h"
#include "api/stacks/event_json.h"
#include "api/stacks/event_query.h"
#include "api/stacks/stack_operations.h"
#include "api/stacks/stacks_envelope.h"
#include "server/handlers/event_stream.h"
#include "server/handlers/responses.h"
#include "server/handlers/stack_lookup.h"
#include "server/handlers/stack_responses.h"
#include "server/handlers/stack_services.h"
#include "server/routing/router.h"
#include "stacks/model/event_filter.h"
#include "stacks/registry/event_log.h"
#include "storage/pagination.h"

namespace tallyman::server {
namespace {

void WriteEventAt(const StackServices& services, const stacks::EventPage& page,
                  size_t i, api::JsonWriter& json) {
  api::WriteEvent(page.events[i], services.redactor, json);
}

// The query of a page, which has no "now".
absl::StatusOr<api::EventQuery> ParsePageQuery(const api::Request& request) {
  absl::StatusOr<api::EventQuery> query = api::ParseEventQuery(request.params);
  if (query.ok() && query->is_from_now) {
    return absl::InvalidArgumentError(
        absl::StrCat(api::kAfterParameter.name,
                     ": \"now\" is for streams; send the header \"Accept: "
                     "text/event-stream\""));
  }
  return query;
}

HandlerResult ListEvents(const StackServices& services,
                         const RequestContext& context) {
  const absl::StatusOr<api::EventQuery> query = ParsePageQuery(context.request);
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  return RenderHistory<stacks::EventPage>(
      services, context,
      [&](const std::string& uid, const storage::PageRequest& request) {
        stacks::EventFilter filter = query->filter;
        filter.stack_uid = uid;
        return services.events.List(filter, query->after.value_or(0), request);
      },
      [&](const stacks::EventPage& page, size_t i, api::JsonWriter& json) {
        WriteEventAt(services, page, i, json);
      });
}

HandlerResult FollowEvents(const StackServices& services,
                           const RequestContext& context) {
  absl::StatusOr<api::EventQuery> query =
      api::ParseEventQuery(context.request.params);
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  const std::string& uid = context.path_params[0];
  // As in RenderHistory(): history outlives its stack.
  if (services.registry.Snapshot()->FindStack(uid) == nullptr) {
    const absl::StatusOr<stacks::EventPage> page =
        services.events.List(uid, {});
    if (!page.ok()) return api::ErrorFromStatus(page.status());
    if (page->info.count == 0) return api::ErrorFromStatus(StackNotFound(uid));
  }
  query->filter.stack_uid = uid;
  return StreamEvents(services, context, *std::move(query));
}

HandlerResult GetEvents(const StackServices& services,
                        const RequestContext& context) {
  return WantsEventStream(context.request) ? FollowEvents(services, context)
                                           : ListEvents(services, context);
}

HandlerResult GetAllEvents(const StackServices& services,
                           const RequestContext& context) {
  if (WantsEventStream(context.request)) {
    absl::StatusOr<api::EventQuery> query =
        api::ParseEventQuery(context.request.params);
    if (!query.ok()) return api::ErrorFromStatus(query.status());
    return StreamEvents(services, context, *std::move(query));
  }
  const absl::StatusOr<api::EventQuery> query = ParsePageQuery(context.request);
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  const absl::StatusOr<storage::PageRequest> request =
      api::ParsePageRequest(context.request.params);
  if (!request.ok()) return api::ErrorFromStatus(request.status());
  const absl::StatusOr<stacks::EventPage> page =
      services.events.List(query->filter, query->after.value_or(0), *request);
  if (!page.ok()) return api::ErrorFromStatus(page.status());
  return RenderPage(page->info, [&](api::JsonWriter& json, size_t i) {
    WriteEventAt(services, *page, i, json);
  });
}

}  // namespace

void AddEventRoutes(const StackServices& services, Router& router) {
  router.Add(api::kListEvents, WithServices(services, GetEvents));
  router.Add(api::kListAllEvents, WithServices(services, GetAllEvents));
}

}  // namespace tallyman::server
