#include "stacks/webhooks/webhook.h"

#include <array>
#include <optional>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "auth/secret.h"
#include "platform/base/text.h"
#include "stacks/model/event.h"
#include "stacks/webhooks/webhook_url.h"

namespace tallyman::stacks {
namespace {

struct NamedKind {
  WebhookKind kind;
  EventKind logged;
  std::string_view name;
};

// The names are in the database and in the API: they never change.
constexpr std::array kNames = {
    NamedKind{WebhookKind::kCrashLooping, EventKind::kCrashLooping,
              "crash_looping"},
    NamedKind{WebhookKind::kStartFailed, EventKind::kStartFailed,
              "start_failed"},
    NamedKind{WebhookKind::kActionFailed, EventKind::kActionFinished,
              "action_failed"},
    NamedKind{WebhookKind::kKeeperLost, EventKind::kKeeperLost, "keeper_lost"},
};

}  // namespace

std::string_view WebhookKindName(WebhookKind kind) {
  for (const NamedKind& named : kNames) {
    if (named.kind == kind) return named.name;
  }
  return "unknown";
}

std::optional<WebhookKind> ParseWebhookKind(std::string_view name) {
  for (const NamedKind& named : kNames) {
    if (named.name == name) return named.kind;
  }
  return std::nullopt;
}

std::optional<WebhookKind> WebhookKindOf(const Event& event) {
  if (event.kind == EventKind::kActionFinished &&
      event.cause == kActionSucceeded) {
    return std::nullopt;
  }
  for (const NamedKind& named : kNames) {
    if (named.logged == event.kind) return named.kind;
  }
  return std::nullopt;
}

EventKind LoggedKind(WebhookKind kind) {
  const auto* const found = absl::c_find_if(
      kNames, [kind](const NamedKind& named) { return named.kind == kind; });
  return found->logged;
}

absl::Status Validate(const WebhookSpec& spec) {
  if (spec.name.empty() || spec.name.size() > kMaxWebhookNameBytes) {
    return absl::InvalidArgumentError(absl::StrCat("name: ", spec.name.size(),
                                                   " bytes are not from 1 to ",
                                                   kMaxWebhookNameBytes));
  }
  if (base::FindInvalidUtf8(spec.name) || base::FindControl(spec.name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: ", base::Quote(spec.name),
                     " is not UTF-8 without control characters"));
  }
  if (spec.kinds.empty()) {
    return absl::InvalidArgumentError("events: names no kind of events");
  }
  if (const absl::StatusOr<WebhookUrl> url = ParseWebhookUrl(spec.url);
      !url.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("url: ", url.status().message()));
  }
  return absl::OkStatus();
}

absl::Status ValidateWebhookSecret(const auth::Secret& secret) {
  if (secret.size() < kMinWebhookSecretBytes ||
      secret.size() > kMaxWebhookSecretBytes ||
      !absl::c_all_of(secret.Reveal(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "secret: must be ", kMinWebhookSecretBytes, " to ",
        kMaxWebhookSecretBytes, " characters of ASCII without spaces"));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::stacks
