// GET /server/processes/{pid}: one process of the machine with its details.

#ifndef TALLYMAN_SERVER_HANDLERS_HOST_PROCESS_HANDLER_H_
#define TALLYMAN_SERVER_HANDLERS_HOST_PROCESS_HANDLER_H_

#include <string>

#include "absl/time/time.h"
#include "api/host/process_owners.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/routing/router.h"

namespace tallyman::server {

// `proc_root` is that of the lister. `owners` is called for each request, by
// several threads. The references must outlive the router.
void AddHostProcessRoute(const platform::ProcessLister& lister,
                         std::string proc_root, const api::Redactor& redactor,
                         absl::TimeZone zone, api::ProcessOwnersSource owners,
                         Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_HOST_PROCESS_HANDLER_H_
