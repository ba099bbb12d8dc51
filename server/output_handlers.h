// The output of a process: the last lines that its instances wrote.

#ifndef TALLYMAN_SERVER_OUTPUT_HANDLERS_H_
#define TALLYMAN_SERVER_OUTPUT_HANDLERS_H_

#include "server/router.h"
#include "server/stack_services.h"

namespace tallyman::server {

// A part of AddStackRoutes(), see server/stack_handlers.h.
void AddOutputRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_OUTPUT_HANDLERS_H_
