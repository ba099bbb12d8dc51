// /stacks/{uid}/processes/{name}/logs: the last lines of output of the
// instances of a process, or a stream of them (output_stream.h).

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Part of AddStackRoutes(), see stack_handlers.h.
void AddOutputRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_HANDLERS_H_
