// What the handlers of stacks work with.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_

#include <string>

#include "api/redaction/redaction.h"
#include "stacks/model/registry.h"
#include "stacks/model/status.h"
#include "stacks/output/output_log.h"
#include "stacks/registry/event_log.h"

namespace tallyman::server {

// Copied into each handler; what it refers to must outlive the router.
struct StackServices {
  stacks::Registry& registry;
  const stacks::StatusSource& status;
  stacks::EventLog& events;
  const stacks::OutputLogs& logs;
  const api::Redactor& redactor;
  std::string server_uid;  // Of this machine.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_SERVICES_H_
