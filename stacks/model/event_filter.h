// Which events of the audit log to read.
//
// Example: stacks/registry/event_log_test.cc

#ifndef TALLYMAN_STACKS_MODEL_EVENT_FILTER_H_
#define TALLYMAN_STACKS_MODEL_EVENT_FILTER_H_

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "stacks/model/event.h"

namespace tallyman::stacks {

struct EventFilter {
  std::string stack_uid;         // "": of all stacks, and of none.
  std::vector<EventKind> kinds;  // Empty: all.
  std::string process;           // "": of any process, and of none.

  bool Matches(const Event& event) const {
    return (stack_uid.empty() || event.stack_uid == stack_uid) &&
           (process.empty() || event.process == process) &&
           (kinds.empty() || absl::c_linear_search(kinds, event.kind));
  }
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_EVENT_FILTER_H_
