// /stacks/{uid}/actions: lists, shows and starts actions of a stack.

#ifndef TALLYMAN_SERVER_HANDLERS_ACTION_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_ACTION_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Part of AddStackRoutes(), see stack_handlers.h.
void AddActionRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_ACTION_HANDLERS_H_
