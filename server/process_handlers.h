// Processes of a stack: listing, showing, scaling.

#ifndef TALLYMAN_SERVER_PROCESS_HANDLERS_H_
#define TALLYMAN_SERVER_PROCESS_HANDLERS_H_

#include "server/router.h"
#include "server/stack_services.h"

namespace tallyman::server {

// A part of AddStackRoutes(), see server/stack_handlers.h.
void AddProcessRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_PROCESS_HANDLERS_H_
