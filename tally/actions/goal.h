// How far the processes of a stack are on their way to what an action wants.
// Thread-safe.
//
// Example: tally/actions/goal_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_GOAL_H_
#define TALLYMAN_TALLY_ACTIONS_GOAL_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tally/actions/process_view.h"

namespace tallyman::tally {

struct Goal {
  std::string process;
  std::string server;  // Its name; "": all servers.
  int64_t from = 0;    // The instances that ran before.
  int64_t to = 0;      // Those that shall run.
  // For a restart: the pids before it, none of which may be left.
  std::set<int64_t> old_pids = {};
};

struct GoalProgress {
  int64_t done = 0;   // Instances that have started or stopped.
  int64_t total = 0;  // Those that have to.
  std::string text;   // "worker 3/4"
};

// `process` is as it is now.
GoalProgress Measure(const Goal& goal, const ProcessView& process);

// A bar with texts and the time since the beginning, for a terminal:
// "[######----] worker 3/4, web 2/2  4s". Full if there is nothing to do.
std::string ProgressBar(const std::vector<GoalProgress>& goals,
                        absl::Duration elapsed);

// The same without bar and time.
std::string ProgressText(const std::vector<GoalProgress>& goals);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_GOAL_H_
