// Compares the kernel, the API and the events. Each function returns the
// contradictions as problems: the expectation, its reason, and the observation.

#ifndef TALLYMAN_TOOLS_CHAOS_CHECKS_H_
#define TALLYMAN_TOOLS_CHAOS_CHECKS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {

using Problems = std::vector<std::string>;

// The effects of one round on a process of the stack.
struct ProcessHistory {
  // Counts that may be desired now: the last one that the server has confirmed,
  // and those of later requests whose answer is missing.
  std::set<int64_t> possible;
  // The least count that was ever desired in the round.
  int64_t least = 0;
  bool restarted = false;
  // Pids of instances that the driver has killed.
  std::set<pid_t> killed;
  // Leaders before the round: start time (see KernelProcess) by pid.
  std::map<pid_t, int64_t> before;
};
using History = std::map<std::string, ProcessHistory>;

// The message of an error; none if the status is ok.
Problems ProblemsOf(const absl::Status& status);
void Append(Problems more, Problems& problems);

// The desired number of instances runs, and the API shows these processes. No
// instance runs twice, no process is left of an ended one, no child of the
// keeper waits to be released, at most one keeper runs. The stopped processes
// (state T) are those that the API calls paused.
Problems CheckKernel(const KernelView& view,
                     const std::vector<harness::ApiProcess>& processes);

// As many instances as were desired throughout the round have survived it with
// the same pid.
Problems CheckSurvivors(const KernelView& view, const History& history);

// Each desired count is one that was requested.
Problems CheckDesired(const std::vector<harness::ApiProcess>& processes,
                      const History& history);

// The running instances are those that run according to the events.
Problems CheckLedger(const KernelView& view, const EventLedger& ledger);

// Every action has ended, and has one event of its start and one of its end. It
// has failed only if it was superseded or is about instances that end by
// themselves.
Problems CheckActions(const std::vector<harness::ApiAction>& actions,
                      const EventLedger& ledger);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_CHECKS_H_
