// The output of a process: the last lines that its instances wrote.

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// A part of AddStackRoutes(), see server/handlers/stack_handlers.h.
void AddOutputRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_
