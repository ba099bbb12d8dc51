#include "tally/actions/goal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "tally/actions/process_view.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {

GoalProgress Measure(const Goal& goal, const ProcessView& process) {
  int64_t running = 0;
  for (const ServerCounts& counts : process.servers) {
    if (goal.server.empty() || counts.server == goal.server) {
      running += counts.running;
    }
  }
  if (!goal.old_pids.empty()) {
    // Those of before, whose number is not in this sum, have still to end.
    running = 0;
    for (const InstanceView& instance : process.instances) {
      if ((goal.server.empty() || instance.server == goal.server) &&
          instance.runs() && goal.old_pids.count(instance.pid) == 0) {
        ++running;
      }
    }
  }
  const int64_t from = goal.old_pids.empty() ? goal.from : 0;
  GoalProgress progress{
      .total = std::abs(goal.to - from),
      .text = absl::StrCat(
          goal.process,
          goal.server.empty() ? "" : absl::StrCat(" on ", goal.server), " ",
          running, "/", goal.to)};
  progress.done =
      progress.total - std::min(progress.total, std::abs(goal.to - running));
  return progress;
}

std::string ProgressText(const std::vector<GoalProgress>& goals) {
  return absl::StrJoin(goals, ", ",
                       [](std::string* out, const GoalProgress& goal) {
                         absl::StrAppend(out, goal.text);
                       });
}

std::string ProgressBar(const std::vector<GoalProgress>& goals,
                        absl::Duration elapsed) {
  constexpr int64_t kCells = 20;
  int64_t done = 0;
  int64_t total = 0;
  for (const GoalProgress& goal : goals) {
    done += goal.done;
    total += goal.total;
  }
  const auto full =
      static_cast<size_t>(total == 0 ? kCells : kCells * done / total);
  return absl::StrCat("[", std::string(full, '#'),
                      std::string(kCells - full, '-'), "] ",
                      ProgressText(goals), "  ", HumanDuration(elapsed));
}

}  // namespace tallyman::tally
