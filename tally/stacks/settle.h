// Waits for what a request has begun.

#ifndef TALLYMAN_TALLY_STACKS_SETTLE_H_
#define TALLYMAN_TALLY_STACKS_SETTLE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/cli/command.h"
#include "tally/cli/exit_code.h"
#include "tally/client/api.h"
#include "tally/commands/change_run.h"
#include "tally/commands/stack_lookup.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {

// The processes of the instances that a new definition ends, and the time
// before it.
struct BeforeChange {
  int64_t last_event = 0;    // An id.
  std::set<int64_t> ending;  // Pids.
};

// `preview`: see StackPlan.
absl::StatusOr<BeforeChange> LookBeforeChange(
    Api& api, const StackRef& stack, const Json& preview,
    const std::vector<Json>& processes);

// Waits until the instances of the definition before have ended, and those of
// the new one run and go on running. kFailed, and a warning that says why, if a
// process is crash-looping; kTimeout, with a warning, after `timeout`;
// kInterrupted after an interrupt. The change goes on in the latter two.
absl::StatusOr<ExitCode> AwaitSettled(Api& api, const StackRef& stack,
                                      const BeforeChange& before,
                                      absl::Duration timeout, Output& out);

// Waits for the end of an action likewise; kFailed, with its message as a
// warning, if it has failed. `action`: as it is now, and afterwards.
absl::StatusOr<ExitCode> AwaitAction(Api& api, const StackRef& stack,
                                     Json& action, absl::Duration timeout,
                                     Output& out);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_STACKS_SETTLE_H_
