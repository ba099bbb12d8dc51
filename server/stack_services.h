// What the handlers of stacks work with.

#ifndef TALLYMAN_SERVER_STACK_SERVICES_H_
#define TALLYMAN_SERVER_STACK_SERVICES_H_

#include <string>

#include "api/redaction.h"
#include "stacks/event_log.h"
#include "stacks/output_log.h"
#include "stacks/registry.h"
#include "stacks/status.h"

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

#endif  // TALLYMAN_SERVER_STACK_SERVICES_H_
