// Webhooks as JSON.

#ifndef TALLYMAN_API_WEBHOOKS_WEBHOOK_JSON_H_
#define TALLYMAN_API_WEBHOOKS_WEBHOOK_JSON_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/description/schema.h"
#include "api/json/json_writer.h"
#include "auth/secret.h"
#include "stacks/webhooks/webhook.h"

namespace tallyman::api {

// A webhook, the same with its secret, and the body below.
extern const Schema kWebhookSchema;
extern const Schema kNewWebhookSchema;
extern const Schema kWebhookSpecSchema;

// Reads the body of POST /webhooks:
//   {"name":"pager","url":"https://hooks.example.com/tallyman",
//    "events":["crash_looping","keeper_lost"]}
// InvalidArgument names the wrong, missing or unknown key, or the position of a
// JSON error. Unvalidated: stacks::Validate() checks the values.
absl::StatusOr<stacks::WebhookSpec> ParseWebhookSpec(std::string_view body);

// Reads the file of --webhooks_file: {"webhooks":[...]}, whose items are as
// above and have a "secret". Errors as above.
absl::StatusOr<std::vector<std::pair<stacks::WebhookSpec, auth::Secret>>>
ParseWebhooksFile(std::string_view text);

// Writes the webhook, and its `secret` unless null: only the response that
// creates a webhook shows it.
void WriteWebhook(const stacks::Webhook& webhook, const auth::Secret* secret,
                  JsonWriter& json);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_WEBHOOKS_WEBHOOK_JSON_H_
