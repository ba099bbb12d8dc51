// The body of a delivery to a webhook:
//   {"webhook_id":1,"gap":null,"events":[
//     {"type":"action_failed","event":{"id":42,"event":"action_finished",...}}]}
// An event is as in GET /events. A gap is {"from":43,"to":99}: retention has
// removed events with these ids before they were looked at.

#ifndef TALLYMAN_API_WEBHOOKS_DELIVERY_JSON_H_
#define TALLYMAN_API_WEBHOOKS_DELIVERY_JSON_H_

#include <cstddef>
#include <string>

#include "api/redaction/redaction.h"
#include "stacks/webhooks/webhook_delivery.h"

namespace tallyman::api {

// Causes of events are cut to so many bytes.
inline constexpr size_t kMaxDeliveredCauseBytes = 2000;

// Renders the first items that fit in `max_bytes`, at least one, and removes
// the others from `delivery`. `redactor` hides secrets in causes.
std::string RenderDelivery(stacks::WebhookDelivery& delivery, size_t max_bytes,
                           const Redactor& redactor);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_WEBHOOKS_DELIVERY_JSON_H_
