// Driver: whether all is as wanted again.

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
#include "tools/chaos/api_client.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/driver.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"

namespace tallyman::chaos {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(10);

// What keeps it from being as wanted; "" if it is.
std::string Unrest(const ApiProcess& process) {
  const auto there = static_cast<int64_t>(process.instances.size());
  if (there != process.desired) {
    return absl::StrCat(process.name, ": expected ", process.desired,
                        " instances, but the API shows ", there);
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
  Problems problems = WaitUntilStill();
  if (!problems.empty()) return problems;
  // What is just ending, or just starting again, is seen in no later look.
  const absl::Time deadline = absl::Now() + options_.patience;
  do {
    problems = CheckAll();
    if (problems.empty()) break;
    absl::SleepFor(kLookAgain);
  } while (absl::Now() < deadline);
  if (!problems.empty()) {
    problems.push_back("the kernel has:");
    for (const KernelProcess& process : view_.of_stack) {
      problems.push_back(absl::StrCat("  ", Describe(process)));
    }
    return problems;
  }
  Remember(present_);
  return {};
}

Problems Driver::WaitUntilStill() {
  const absl::Time deadline = absl::Now() + options_.recovery_timeout;
  Problems problems;
  do {
    const auto processes = api_->Processes(stack_uid_);
    if (!processes.ok()) return ProblemsOf(processes.status());
    problems.clear();
    for (const ApiProcess& process : *processes) {
      std::string unrest = Unrest(process);
      if (!unrest.empty()) problems.push_back(std::move(unrest));
    }
    if (problems.empty()) problems = ReadActions();
    if (problems.empty()) return {};
    absl::SleepFor(kLookAgain);
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
  // A story that can't be true is none that a later look makes true.
  static constexpr std::string_view kEvents = "the events: ";
  absl::StatusOr<std::vector<ApiProcess>> processes =
      api_->Processes(stack_uid_);
  if (!processes.ok()) return ProblemsOf(processes.status());
  present_ = *std::move(processes);
  view_ = Kernel();
  Problems problems = ReadActions();
  for (std::string& problem : ReadEvents()) {
    untrue_.push_back(absl::StrCat(kEvents, problem));
  }
  problems.insert(problems.end(), untrue_.begin(), untrue_.end());
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

void Driver::Remember(const std::vector<ApiProcess>& processes) {
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
  for (const ApiProcess& process : processes) {
    ProcessHistory& past = history_[process.name];
    past.possible = {process.desired};
    past.least = process.desired;
  }
  for (const KernelProcess& leader : view_.Leaders()) {
    history_[leader.process].before[leader.pid] = leader.start_ticks;
  }
}

}  // namespace tallyman::chaos
