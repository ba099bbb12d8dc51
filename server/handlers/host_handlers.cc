#include "server/handlers/host_handlers.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/host_envelope.h"
#include "api/host/host_operations.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/host/process_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "auth/clock.h"
#include "platform/process_lister.h"
#include "server/handlers/process_stream.h"
#include "server/handlers/request_coalescer.h"
#include "server/metrics/duration_histogram.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

// Shared by all requests of the route. Thread-safe.
struct HostServices {
  HostServices(const platform::ProcessLister& lister,
               const api::ProcessFormat& format, DurationHistogram& durations,
               api::ProcessOwnersSource owners, const ProcessStreams& streams)
      : lister(lister),
        format(format),
        durations(durations),
        owners(std::move(owners)),
        streams(streams) {}

  const platform::ProcessLister& lister;
  const api::ProcessFormat format;
  DurationHistogram& durations;
  const api::ProcessOwnersSource owners;
  const ProcessStreams streams;
  RequestCoalescer coalescer;
};

// The lister is unavailable when the server is out of descriptors or memory.
api::Error ListError(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return api::ErrorFromStatus(status);
  return api::ServerFault(
      status,
      "cannot list processes: the server is out of file descriptors or memory; "
      "raise its limit on open files (ulimit -n), or try again later");
}

HandlerResult ListProcesses(HostServices& services,
                            const RequestContext& context) {
  const absl::StatusOr<api::ProcessListQuery> query =
      api::ProcessListQuery::Parse(context.request.params);
  if (!query.ok()) return api::ErrorFromStatus(query.status());
  const absl::StatusOr<std::optional<absl::Duration>> interval =
      api::ParseWatch(context.request.params);
  if (!interval.ok()) return api::ErrorFromStatus(interval.status());
  if (*interval) {
    return StreamProcesses(services.streams, context, *query, **interval);
  }
  RequestCoalescer::Answer answer = services.coalescer.Get(
      query->text(), [&]() -> absl::StatusOr<std::string> {
        std::shared_ptr<const api::ProcessOwners> owners;
        if (query->needs_owners()) owners = services.owners();
        const absl::Duration begin = auth::SystemClock().Elapsed();
        const absl::StatusOr<platform::ProcessSnapshot> snapshot =
            services.lister.List(query->ToPlatform(owners));
        if (!snapshot.ok()) return snapshot.status();
        services.durations.Observe(auth::SystemClock().Elapsed() - begin);
        const api::ProcessFormat format = {
            .redactor = services.format.redactor,
            .zone = services.format.zone,
            .owners = owners == nullptr ? api::ProcessOwners::None() : *owners};
        return api::RenderProcesses(snapshot->processes(), query->keys(),
                                    format, absl::Now());
      });
  if (!answer.ok()) return ListError(answer.status());
  api::Response response;
  response.shared_body = *std::move(answer);
  return response;
}

}  // namespace

void AddHostRoutes(const platform::ProcessLister& lister,
                   const api::Redactor& redactor, absl::TimeZone zone,
                   DurationHistogram& durations,
                   api::ProcessOwnersSource owners,
                   const ProcessStreams& streams, Router& router) {
  const auto services = std::make_shared<HostServices>(
      lister, api::ProcessFormat{.redactor = redactor, .zone = zone}, durations,
      std::move(owners), streams);
  router.Add(api::kListHostProcesses,
             [services](const RequestContext& context) {
               return ListProcesses(*services, context);
             });
}

}  // namespace tallyman::server
