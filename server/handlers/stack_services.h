// The services that the handlers of stacks use, and handlers that hold them.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_

#include <string>

#include "api/redaction/redaction.h"
#include "server/handlers/stream_limits.h"
#include "server/routing/router.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_hub.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_feed.h"
#include "stacks/registry/event_log.h"

namespace tallyman::server {

// Copied into each handler. The objects that it refers to must outlive the
// router and be thread-safe.
struct StackServices {
  stacks::Registry& registry;
  const stacks::StatusSource& status;
  stacks::EventLog& events;
  stacks::EventFeed& event_feed;
  StreamLimits& event_streams;
  const stacks::OutputLogs& logs;
  stacks::OutputHub& output_hub;
  const api::Redactor& redactor;
  std::string server_uid;  // Of this machine.
};

using StackHandler = HandlerResult (*)(const StackServices&,
                                       const RequestContext&);

// A handler that calls `handler` with a copy of `services`.
Handler WithServices(const StackServices& services, StackHandler handler);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_
