#include "server/handlers/unsupported_stack_handlers.h"

#include "absl/types/span.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/stacks/stack_operations.h"
#include "api/webhooks/webhook_operations.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

void AddUnsupported(absl::Span<const api::Operation* const> operations,
                    Router& router) {
  for (const api::Operation* const operation : operations) {
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

}  // namespace

void AddUnsupportedStackRoutes(Router& router) {
  AddUnsupported(api::StackOperations(), router);
  AddUnsupported(api::WebhookOperations(), router);
}

}  // namespace tallyman::server
