// The operations of webhooks, for the router and the description.

#ifndef TALLYMAN_API_WEBHOOKS_WEBHOOK_OPERATIONS_H_
#define TALLYMAN_API_WEBHOOKS_WEBHOOK_OPERATIONS_H_

#include "absl/types/span.h"
#include "api/description/operation.h"

namespace tallyman::api {

extern const Operation kListWebhooks;   // GET /webhooks
extern const Operation kCreateWebhook;  // POST /webhooks
extern const Operation kGetWebhook;     // GET /webhooks/{id}
extern const Operation kDeleteWebhook;  // DELETE /webhooks/{id}

// All of them, in the order of the description. A server that runs no stacks
// describes them too, and answers 501.
absl::Span<const Operation* const> WebhookOperations();

}  // namespace tallyman::api

#endif  // TALLYMAN_API_WEBHOOKS_WEBHOOK_OPERATIONS_H_
