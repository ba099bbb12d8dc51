// Webhooks: URLs to which events of some kinds are sent.

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "stacks/model/event.h"

namespace tallyman::stacks {

// The kinds of events that a webhook can ask for. None of them is an event of a
// webhook, so that no delivery causes another one.
enum class WebhookKind : uint8_t {
  kCrashLooping,
  kStartFailed,
  kActionFailed,
  kKeeperLost,
};
inline constexpr WebhookKind kLastWebhookKind = WebhookKind::kKeeperLost;

// "crash_looping", "start_failed", "action_failed", "keeper_lost".
std::string_view WebhookKindName(WebhookKind kind);
std::optional<WebhookKind> ParseWebhookKind(std::string_view name);

// nullopt: no webhook can ask for it.
std::optional<WebhookKind> WebhookKindOf(const Event& event);
// The kind in the log of the events of `kind`, and possibly of others.
EventKind LoggedKind(WebhookKind kind);

inline constexpr size_t kMaxWebhookNameBytes = 100;
inline constexpr size_t kMaxWebhookUrlBytes = 2000;
inline constexpr size_t kMinWebhookSecretBytes = 24;
inline constexpr size_t kMaxWebhookSecretBytes = 200;
inline constexpr std::string_view kWebhookSecretPrefix = "whs_";

// A webhook to make.
struct WebhookSpec {
  std::string name;
  std::string url;                 // See webhook_url.h.
  std::vector<WebhookKind> kinds;  // Not empty.
};

// InvalidArgument names the field.
absl::Status Validate(const WebhookSpec& spec);
// The same for a secret that an operator chose: visible ASCII.
absl::Status ValidateWebhookSecret(const auth::Secret& secret);

// How far the deliveries of a webhook are.
struct WebhookProgress {
  // All events up to this id were delivered, given up, or not asked for.
  int64_t position = 0;
  // Attempts in a row that failed to deliver the next events, and the first.
  int64_t attempts = 0;
  std::optional<absl::Time> first_attempt_at;
};

struct Webhook {
  int64_t id = 0;
  WebhookSpec spec;
  bool is_from_file = false;  // Else made by the API.
  absl::Time created_at;
  WebhookProgress progress;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_H_
