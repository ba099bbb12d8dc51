#include "server/host_handlers.h"

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/error.h"
#include "api/host_envelope.h"
#include "api/http.h"
#include "api/process_query.h"
#include "api/redaction.h"
#include "auth/token.h"
#include "platform/process_lister.h"
#include "server/router.h"

namespace tallyman::server {
namespace {

HandlerResult ListProcesses(const platform::ProcessLister& lister,
                            const api::ProcessFormat& format,
                            const RequestContext& context) {
  const absl::StatusOr<api::ProcessListQuery> query =
      api::ProcessListQuery::Parse(context.request.params);
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  const absl::StatusOr<platform::ProcessSnapshot> snapshot =
      lister.List(query->ToPlatform());
  if (!snapshot.ok()) return api::ErrorFromStatus(snapshot.status());
  api::Response response;
  response.body = api::RenderProcesses(query->Select(snapshot->processes()),
                                       query->keys(), format, absl::Now());
  return response;
}

}  // namespace

void AddHostRoutes(const platform::ProcessLister& lister,
                   const api::Redactor& redactor, absl::TimeZone zone,
                   Router& router) {
  router.Add(
      "/server/processes", Family::kHost,
      {{"GET",
        {.scope = auth::Scope::kPublic,
         .handler = [&lister, &redactor, zone](const RequestContext& context) {
           return ListProcesses(lister, {.redactor = redactor, .zone = zone},
                                context);
         }}}});
}

}  // namespace tallyman::server
