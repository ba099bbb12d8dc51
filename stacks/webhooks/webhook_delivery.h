// The content of one delivery to a webhook.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERY_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERY_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stacks/model/event.h"
#include "stacks/webhooks/webhook.h"

namespace tallyman::stacks {

struct WebhookDelivery {
  struct Item {
    WebhookKind kind = WebhookKind::kCrashLooping;
    Event event;
  };
  int64_t webhook_id = 0;
  std::vector<Item> items;  // By id, ascending. Empty only if there is a gap.
  // Retention has removed events before they were looked at: the first and the
  // last id that they can have.
  std::optional<std::pair<int64_t, int64_t>> gap;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_DELIVERY_H_
