// Whether what the kernel, the API and the events say fits together. Each
// function returns what does not: what was expected, and what was seen.

#ifndef TALLYMAN_TOOLS_CHAOS_CHECKS_H_
#define TALLYMAN_TOOLS_CHAOS_CHECKS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/chaos/api_client.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"

namespace tallyman::chaos {

using Problems = std::vector<std::string>;

// What a round did to a process.
struct ProcessHistory {
  // Counts that may be wanted now: the last that is known to be, and those of
  // later requests of which that is not known.
  std::set<int64_t> possible;
  // The least that was ever wanted in the round.
  int64_t least = 0;
  bool restarted = false;
  // Of its instances, by the driver.
  std::set<pid_t> killed;
  // Its first processes before the round, with their start times.
  std::map<pid_t, int64_t> before;
};
using History = std::map<std::string, ProcessHistory>;

// None if it is ok.
Problems ProblemsOf(const absl::Status& status);
void Append(Problems more, Problems& problems);

// The wanted number runs, and the API shows these very processes; none twice,
// none stray, none at the gate; at most one keeper; exactly the paused ones are
// stopped.
Problems CheckKernel(const KernelView& view,
                     const std::vector<ApiProcess>& processes);

// As many as were wanted throughout have the same process as before.
Problems CheckSurvivors(const KernelView& view, const History& history);

// What is wanted is what was asked for.
Problems CheckDesired(const std::vector<ApiProcess>& processes,
                      const History& history);

// Those that run are those of whom events tell so.
Problems CheckLedger(const KernelView& view, const EventLedger& ledger);

// All have ended: with success, or superseded, or because of instances that end
// by themselves. Each has its two events.
Problems CheckActions(const std::vector<ApiAction>& actions,
                      const EventLedger& ledger);

}  // namespace tallyman::chaos

#endif  // TALLYMAN_TOOLS_CHAOS_CHECKS_H_
