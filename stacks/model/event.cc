#include "stacks/model/event.h"

#include <array>
#include <optional>
#include <string_view>

namespace tallyman::stacks {
namespace {

struct NamedKind {
  EventKind kind;
  std::string_view name;
};

// The names are in the database and in the API: they never change.
constexpr std::array kNames = {
    NamedKind{EventKind::kActionStarted, "action_started"},
    NamedKind{EventKind::kActionFinished, "action_finished"},
    NamedKind{EventKind::kStackCreated, "stack_created"},
    NamedKind{EventKind::kStackReplaced, "stack_replaced"},
    NamedKind{EventKind::kStackDeleted, "stack_deleted"},
    NamedKind{EventKind::kStarted, "started"},
    NamedKind{EventKind::kRestarted, "restarted"},
    NamedKind{EventKind::kStartFailed, "start_failed"},
    NamedKind{EventKind::kExited, "exited"},
    NamedKind{EventKind::kStopping, "stopping"},
    NamedKind{EventKind::kStopped, "stopped"},
    NamedKind{EventKind::kPaused, "paused"},
    NamedKind{EventKind::kResumed, "resumed"},
    NamedKind{EventKind::kSignalled, "signalled"},
    NamedKind{EventKind::kAdopted, "adopted"},
    NamedKind{EventKind::kLost, "lost"},
    NamedKind{EventKind::kTokenCreated, "token_created"},
    NamedKind{EventKind::kTokenRevoked, "token_revoked"},
    NamedKind{EventKind::kCrashLooping, "crash_looping"},
    NamedKind{EventKind::kKeeperLost, "keeper_lost"},
    NamedKind{EventKind::kWebhookCreated, "webhook_created"},
    NamedKind{EventKind::kWebhookDeleted, "webhook_deleted"},
    NamedKind{EventKind::kWebhookDelivered, "webhook_delivered"},
    NamedKind{EventKind::kWebhookFailed, "webhook_failed"},
    NamedKind{EventKind::kWebhookGivenUp, "webhook_given_up"},
    NamedKind{EventKind::kSessionCreated, "session_created"},
    NamedKind{EventKind::kSessionEnded, "session_ended"},
};

}  // namespace

std::string_view EventKindName(EventKind kind) {
  for (const NamedKind& named : kNames) {
    if (named.kind == kind) return named.name;
  }
  return "unknown";
}

std::optional<EventKind> ParseEventKind(std::string_view name) {
  for (const NamedKind& named : kNames) {
    if (named.name == name) return named.kind;
  }
  return std::nullopt;
}

}  // namespace tallyman::stacks
