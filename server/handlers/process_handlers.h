// Processes of a stack: listing, showing, scaling.

#ifndef TALLYMAN_SERVER_HANDLERS_PROCESS_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_PROCESS_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// A part of AddStackRoutes(), see server/handlers/stack_handlers.h.
void AddProcessRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_PROCESS_HANDLERS_H_
