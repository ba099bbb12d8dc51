// /stacks and everything below it.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds the operations of api/stacks/stack_operations.h. The objects that
// `services` refers to must outlive the router. Reads are answered from memory,
// except those of actions, events and logs.
void AddStackRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_
