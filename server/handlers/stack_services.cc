#include "server/handlers/stack_services.h"

#include "server/routing/router.h"

namespace tallyman::server {

Handler WithServices(const StackServices& services, StackHandler handler) {
  return [services, handler](const RequestContext& context) {
    return handler(services, context);
  };
}

}  // namespace tallyman::server
