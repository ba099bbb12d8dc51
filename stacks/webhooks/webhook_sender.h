// Sends a delivery to its receiver.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_SENDER_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_SENDER_H_

#include <string>

#include "absl/status/statusor.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::stacks {

struct WebhookRequest {
  WebhookUrl url;
  std::string signature;  // The value of kSignatureHeader.
  std::string body;       // JSON.
};

// Implementations are thread-safe.
class WebhookSender {
 public:
  virtual ~WebhookSender() = default;

  // Posts the request and returns the status of the answer, whatever it is.
  // Blocks, for a bounded time. PermissionDenied if the operator does not allow
  // the address, Cancelled after Stop(); any other error for a receiver that
  // gave no answer.
  virtual absl::StatusOr<int> Post(const WebhookRequest& request) = 0;

  // Ends requests under way, and makes later ones fail.
  virtual void Stop() = 0;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_SENDER_H_
