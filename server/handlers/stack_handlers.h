// /stacks and all that is below it.

#ifndef TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_

#include "server/handlers/stack_services.h"
#include "server/routing/router.h"

namespace tallyman::server {

// Adds the routes of the stacks family: reading needs the scope public,
// changing admin. What `services` refers to must outlive the router. Of what is
// read, only actions, events and logs come from the disk.
void AddStackRoutes(const StackServices& services, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_STACK_HANDLERS_H_
