// Driver: the checks after a round.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/driver.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {
namespace {

using ::tallyman::harness::ApiAction;
using ::tallyman::harness::ApiEvent;
using ::tallyman::harness::ApiInstance;
using ::tallyman::harness::ApiProcess;

constexpr absl::Duration kPollInterval = absl::Milliseconds(10);

// The first difference between the process and its desired state, by the API
// alone; "" if there is none.
std::string DifferenceFromDesired(const ApiProcess& process) {
  const auto shown = static_cast<int64_t>(process.instances.size());
  if (shown != process.desired) {
    return absl::StrCat(process.name, ": expected ", process.desired,
                        " instances, but the API shows ", shown);
  }
  if (EndsByItself(process.name)) return "";
  if (process.running != process.desired) {
    return absl::StrCat(process.name, ": expected ", process.desired,
                        " to run, but the API says ", process.running);
  }
  for (const ApiInstance& instance : process.instances) {
    if (instance.state != "running" && instance.state != "paused") {
      return absl::StrCat(process.name, ".", instance.number,
                          ": expected it to run, but the API says ",
                          instance.state);
    }
  }
  return "";
}

}  // namespace

Problems Driver::Settle() {
  Problems problems = AwaitDesiredCounts();
  if (!problems.empty()) return problems;
  // Processes that just end or start make single views disagree; a lasting
  // problem is in every view.
  const absl::Time deadline = absl::Now() + options_.patience;
  do {
    problems = CheckAll();
    if (problems.empty()) break;
    absl::SleepFor(kPollInterval);
  } while (absl::Now() < deadline);
  if (!problems.empty()) {
    problems.push_back("the kernel has:");
    for (const KernelProcess& process : view_.stack_processes) {
      problems.push_back(absl::StrCat("  ", Describe(process)));
    }
    return problems;
  }
  BeginHistory();
  return {};
}

Problems Driver::AwaitDesiredCounts() {
  const absl::Time deadline = absl::Now() + options_.recovery_timeout;
  Problems problems;
  do {
    const auto processes = api_->Processes(stack_uid_);
    if (!processes.ok()) return ProblemsOf(processes.status());
    problems.clear();
    for (const ApiProcess& process : *processes) {
      std::string difference = DifferenceFromDesired(process);
      if (!difference.empty()) problems.push_back(std::move(difference));
    }
    if (problems.empty()) problems = ReadActions();
    if (problems.empty()) return {};
    absl::SleepFor(kPollInterval);
  } while (absl::Now() < deadline);
  problems.push_back(
      absl::StrCat("expected all of that within ",
                   absl::FormatDuration(options_.recovery_timeout)));
  return problems;
}

Problems Driver::ReadActions() {
  absl::StatusOr<std::vector<ApiAction>> actions =
      api_->Actions(stack_uid_, checked_action_);
  if (!actions.ok()) return ProblemsOf(actions.status());
  new_actions_ = *std::move(actions);
  Problems problems;
  for (const ApiAction& action : new_actions_) {
    if (action.has_ended) continue;
    problems.push_back(
        absl::StrCat(action.kind, " ", action.id,
                     ": expected it to have ended, but it has not"));
  }
  return problems;
}

Problems Driver::ReadEvents() {
  const absl::StatusOr<std::vector<ApiEvent>> events =
      api_->Events(stack_uid_, ledger_.last_id());
  if (!events.ok()) return ProblemsOf(events.status());
  Problems problems;
  for (const ApiEvent& event : *events) {
    Append(ledger_.Add(event, had_crash_ || had_crash_before_), problems);
  }
  return problems;
}

Problems Driver::CheckAll() {
  static constexpr std::string_view kEvents = "the events: ";
  absl::StatusOr<std::vector<ApiProcess>> processes =
      api_->Processes(stack_uid_);
  if (!processes.ok()) return ProblemsOf(processes.status());
  present_ = *std::move(processes);
  view_ = Kernel();
  Problems problems = ReadActions();
  for (std::string& problem : ReadEvents()) {
    event_problems_.push_back(absl::StrCat(kEvents, problem));
  }
  problems.insert(problems.end(), event_problems_.begin(),
                  event_problems_.end());
  Append(CheckKernel(view_, present_), problems);
  Append(CheckDesired(present_, history_), problems);
  Append(CheckSurvivors(view_, history_), problems);
  Append(CheckLedger(view_, ledger_), problems);
  Append(CheckActions(new_actions_, ledger_), problems);
  std::set<int64_t> ids;
  for (const ApiAction& action : new_actions_) ids.insert(action.id);
  for (const int64_t id : taken_) {
    if (id > checked_action_ && !ids.contains(id)) {
      problems.push_back(absl::StrCat("expected the action ", id,
                                      " in the list, as the server answered "
                                      "with it, but it is not there"));
    }
  }
  return problems;
}

void Driver::BeginHistory() {
  for (const ApiAction& action : new_actions_) {
    ++counts_.actions;
    checked_action_ = std::max(checked_action_, action.id);
    if (action.success) continue;
    if (absl::StrContains(action.message, "superseded")) {
      ++counts_.actions_superseded;
    } else {
      ++counts_.actions_failed;
    }
  }
  new_actions_.clear();
  history_.clear();
  for (const ApiProcess& process : present_) {
    ProcessHistory& past = history_[process.name];
    past.possible = {process.desired};
    past.least = process.desired;
  }
  for (const KernelProcess& leader : view_.Leaders()) {
    history_[leader.process].before[leader.pid] = leader.start_ticks;
  }
}

}  // namespace tallyman::chaos
