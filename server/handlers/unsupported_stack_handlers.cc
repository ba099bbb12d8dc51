#include "server/handlers/unsupported_stack_handlers.h"

#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/stacks/stack_operations.h"
#include "server/routing/router.h"

namespace tallyman::server {

void AddUnsupportedStackRoutes(Router& router) {
  for (const api::Operation* const operation : api::StackOperations()) {
    router.Add(
        *operation,
        [](const RequestContext&) -> HandlerResult {
          return api::Error{api::ErrorKind::kNotImplemented,
                            "this server runs no stacks, since its system is "
                            "not Linux"};
        },
        /*is_fast=*/true);
  }
}

}  // namespace tallyman::server
