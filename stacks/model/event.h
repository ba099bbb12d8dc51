// What happened to an instance, or was asked for: a line of the audit log.

#ifndef TALLYMAN_STACKS_MODEL_EVENT_H_
#define TALLYMAN_STACKS_MODEL_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::stacks {

enum class EventKind : uint8_t {
  kActionStarted,  // somebody asked for it
  kActionFinished,
  kStackCreated,
  kStackReplaced,
  kStackDeleted,
  kStarted,      // an instance runs for the first time
  kRestarted,    // it runs again, after an exit or because it was asked to
  kStartFailed,  // its program could not be executed
  kExited,       // it ended by itself
  kStopping,     // its stop sequence began
  kStopped,      // it ended because it had to
  kPaused,
  kResumed,
  kAdopted,  // found running by a new server, or its keeper has ended
  kLost,     // it ended unseen; how is unknown
};

// "action_started", "started", "start_failed", ...
std::string_view EventKindName(EventKind kind);
std::optional<EventKind> ParseEventKind(std::string_view name);

struct Event {
  int64_t id = 0;  // Ascending; set by the log.
  absl::Time time;
  EventKind kind = EventKind::kStarted;
  std::string stack_uid;
  // Of instances; else "" and 0.
  std::string process;
  std::string server_uid;
  int64_t instance = 0;
  int32_t pid = 0;
  std::string launch;
  // Why, in words: "exited with code 3", "scaled to 4".
  std::string cause;
  // Of actions; else 0 and "".
  int64_t action_id = 0;
  std::string user;  // The token's name.
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_EVENT_H_
