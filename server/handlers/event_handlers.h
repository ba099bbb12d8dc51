// /events and /stacks/{uid}/events: the audit log, as a list or as a stream.

#ifndef TALLYMAN_SERVER_HANDLERS_EVENT_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_EVENT_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Part of AddStackRoutes(), see stack_handlers.h.
void AddEventRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_EVENT_HANDLERS_H_
