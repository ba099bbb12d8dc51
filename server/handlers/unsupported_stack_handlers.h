// The operations of stacks on a system that cannot run them.

#ifndef TALLYMAN_SERVER_HANDLERS_UNSUPPORTED_STACK_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_UNSUPPORTED_STACK_HANDLERS_H_

#include "server/routing/router.h"

namespace tallyman::server {

// Adds the operations of api/stacks/stack_operations.h in place of
// AddStackRoutes(). After the checks of token and query, each answers 501.
void AddUnsupportedStackRoutes(Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_UNSUPPORTED_STACK_HANDLERS_H_
