// Events of instances, actions, stacks, tokens and webhooks: the lines of the
// audit log.
//
// Example: stacks/stacks_example_test.cc

#ifndef TALLYMAN_STACKS_MODEL_EVENT_H_
#define TALLYMAN_STACKS_MODEL_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::stacks {

enum class EventKind : uint8_t {
  kActionStarted,
  kActionFinished,
  kStackCreated,
  kStackReplaced,
  kStackDeleted,
  kStarted,      // An instance runs for the first time.
  kRestarted,    // It runs again, after an exit or by request.
  kStartFailed,  // Its program could not be executed.
  kExited,       // It ended by itself.
  kStopping,     // Its stop sequence began.
  kStopped,      // It ended in its stop sequence.
  kPaused,
  kResumed,
  kSignalled,  // It is about to get a signal that was requested.
  kAdopted,    // A new server found it running, or its keeper has ended.
  kLost,       // It ended without a known exit status.
  kTokenCreated,
  kTokenRevoked,
  kCrashLooping,  // It ended several times in a row too early.
  kKeeperLost,    // The server lost the keeper of instances that run.
  kWebhookCreated,
  kWebhookDeleted,
  kWebhookDelivered,  // The receiver has accepted events.
  kWebhookFailed,     // An attempt to deliver failed; another one follows.
  kWebhookGivenUp,    // Events were not delivered, and no attempt follows.
  kSessionCreated,    // A token's holder has signed in.
  kSessionEnded,      // By request; not by time or with its token.
};
inline constexpr EventKind kLastEventKind = EventKind::kSessionEnded;

// The cause of a kActionFinished that has reached its aim.
inline constexpr std::string_view kActionSucceeded = "succeeded";

// "action_started", "started", "start_failed", ...
std::string_view EventKindName(EventKind kind);
std::optional<EventKind> ParseEventKind(std::string_view name);

struct Event {
  int64_t id = 0;  // Ascending; set by the log.
  absl::Time time;
  EventKind kind = EventKind::kStarted;
  std::string stack_uid;  // "" for events of no stack.
  // For events of instances; else "" and 0.
  std::string process;
  std::string server_uid;
  int64_t instance = 0;
  int32_t pid = 0;
  std::string launch;
  // For people: "exited with code 3", "scaled to 4".
  std::string cause;
  int64_t action_id = 0;  // For events of actions; else 0.
  // For events of actions, tokens, sessions and webhooks, the name of the token
  // of the request; else "".
  std::string user;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_EVENT_H_
