// /webhooks: makes, lists and deletes webhooks.

#ifndef TALLYMAN_SERVER_HANDLERS_WEBHOOK_HANDLERS_H_
#define TALLYMAN_SERVER_HANDLERS_WEBHOOK_HANDLERS_H_

#include <functional>

#include "server/routing/router.h"
#include "stacks/webhooks/webhook_store.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::server {

// Adds the operations of api/webhooks/webhook_operations.h. `store` and `hosts`
// must outlive the router. `on_change` is called after each change.
void AddWebhookRoutes(stacks::WebhookStore& store,
                      const stacks::WebhookHosts& hosts,
                      const std::function<void()>& on_change, Router& router);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_WEBHOOK_HANDLERS_H_
