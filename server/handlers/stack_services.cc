#include "server/handlers/stack_services.h"

#include "auth/token.h"
#include "server/routing/router.h"

namespace tallyman::server {

Endpoint StackEndpoint(auth::Scope scope, const StackServices& services,
                       StackHandler handler) {
  return {.scope = scope,
          .handler = [services, handler](const RequestContext& context) {
            return handler(services, context);
          }};
}

}  // namespace tallyman::server
