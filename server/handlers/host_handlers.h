// The host family: /server/processes lists the processes of this machine.

#ifndef TALLYMAN_SERVER_HANDLERS_HOST_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_HOST_HANDLERS_H_

#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/handlers/process_stream.h"
#include "server/metrics/duration_histogram.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds the operations of api/host/host_operations.h. `durations` gets the time
// of each list of processes, `owners` is called for those that show instances,
// and `streams` make those of the parameter `watch`. The references must
// outlive the router.
void AddHostRoutes(const platform::ProcessLister& lister,
                   const api::Redactor& redactor, absl::TimeZone zone,
                   DurationHistogram& durations,
                   api::ProcessOwnersSource owners,
                   const ProcessStreams& streams, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_HOST_HANDLERS_H_
