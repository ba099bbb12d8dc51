#include "tools/chaos/checks.h"

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/ledger.h"
#include "tools/chaos/plan.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {
namespace {

using ::tallyman::harness::ApiAction;
using ::tallyman::harness::ApiInstance;
using ::tallyman::harness::ApiProcess;
using ::tallyman::harness::ProcessSpec;

using Leaders = std::map<std::string, std::vector<KernelProcess>>;

Leaders ByProcess(const KernelView& view) {
  Leaders leaders;
  for (KernelProcess& leader : view.Leaders()) {
    leaders[leader.process].push_back(leader);
  }
  return leaders;
}

std::string Pids(const std::vector<KernelProcess>& processes) {
  return absl::StrCat(
      "[",
      absl::StrJoin(processes, ", ",
                    [](std::string* out, const KernelProcess& process) {
                      absl::StrAppend(out, process.instance, ": ", process.pid);
                    }),
      "]");
}

std::string Pids(const std::vector<ApiInstance>& instances) {
  return absl::StrCat(
      "[",
      absl::StrJoin(instances, ", ",
                    [](std::string* out, const ApiInstance& instance) {
                      absl::StrAppend(out, instance.number, ": ", instance.pid,
                                      " ", instance.state);
                    }),
      "]");
}

// Compares one instance of the API with the kernel.
void CheckInstance(const std::string& name, const ApiInstance& instance,
                   const std::vector<KernelProcess>& leaders,
                   Problems& problems) {
  const auto leader = std::find_if(
      leaders.begin(), leaders.end(), [&](const KernelProcess& process) {
        return process.instance == instance.number &&
               process.pid == instance.pid;
      });
  if (leader == leaders.end()) {
    problems.push_back(absl::StrCat(
        name, ".", instance.number, ": expected pid ", instance.pid,
        ", as the API shows it, but the kernel has ", Pids(leaders)));
    return;
  }
  const bool is_paused = instance.state == "paused";
  if (is_paused != (leader->state == 'T')) {
    problems.push_back(
        absl::StrCat(name, ".", instance.number, ": expected ",
                     is_paused ? "it to be stopped" : "it not to be stopped",
                     ", as the API says ", instance.state,
                     ", but the kernel has ", Describe(*leader)));
  }
}

void CheckProcess(const ApiProcess& process,
                  const std::vector<KernelProcess>& leaders,
                  Problems& problems) {
  std::set<int64_t> numbers;
  for (const KernelProcess& leader : leaders) {
    if (!numbers.insert(leader.instance).second) {
      problems.push_back(absl::StrCat(
          process.name, ".", leader.instance,
          ": expected one process, but the kernel has ", Pids(leaders)));
    }
  }
  const bool ends_by_itself = EndsByItself(process.name);
  const auto count = static_cast<int64_t>(leaders.size());
  if (ends_by_itself ? count > process.desired : count != process.desired) {
    problems.push_back(absl::StrCat(
        process.name, ": expected ", ends_by_itself ? "at most " : "",
        process.desired, " instances, but the kernel has ", Pids(leaders)));
  }
  if (ends_by_itself) return;
  if (process.instances.size() != leaders.size()) {
    problems.push_back(absl::StrCat(
        process.name, ": expected the API to show the kernel's ", Pids(leaders),
        ", but it shows ", Pids(process.instances)));
  }
  for (const ApiInstance& instance : process.instances) {
    CheckInstance(process.name, instance, leaders, problems);
  }
}

void CheckKeepers(const KernelView& view, Problems& problems) {
  std::set<pid_t> pids;
  for (const KernelProcess& keeper : view.keepers) pids.insert(keeper.pid);
  std::vector<std::string> keepers;
  keepers.reserve(view.keepers.size());
  for (const KernelProcess& keeper : view.keepers) {
    if (pids.contains(keeper.parent)) {
      problems.push_back(absl::StrCat(
          "expected no child of the keeper before its program, but there is ",
          Describe(keeper)));
    } else {
      keepers.push_back(Describe(keeper));
    }
  }
  if (keepers.size() > 1) {
    problems.push_back(absl::StrCat("expected one keeper, but there are ",
                                    absl::StrJoin(keepers, " and ")));
  }
}

bool MayFail(const ApiAction& action) {
  if (absl::StrContains(action.message, "superseded")) return true;
  for (const ProcessSpec& process : Processes()) {
    if (EndsByItself(process.name) &&
        absl::StrContains(action.message,
                          absl::StrCat(" of ", process.name, " "))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Problems ProblemsOf(const absl::Status& status) {
  if (status.ok()) return {};
  return {std::string(status.message())};
}

void Append(Problems more, Problems& problems) {
  problems.insert(problems.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

Problems CheckKernel(const KernelView& view,
                     const std::vector<ApiProcess>& processes) {
  Problems problems;
  Leaders leaders = ByProcess(view);
  for (const ApiProcess& process : processes) {
    CheckProcess(process, leaders[process.name], problems);
  }
  std::set<std::string> launches;
  for (const ApiProcess& process : processes) {
    for (const KernelProcess& leader : leaders[process.name]) {
      if (!launches.insert(leader.launch).second) {
        problems.push_back(
            absl::StrCat("expected one leader of a launch, but there is also ",
                         Describe(leader)));
      }
    }
  }
  for (const KernelProcess& process : view.stack_processes) {
    if (!launches.contains(process.launch)) {
      problems.push_back(absl::StrCat(
          "expected no process of a launch without its leader, but there "
          "is ",
          Describe(process)));
    }
  }
  CheckKeepers(view, problems);
  return problems;
}

Problems CheckSurvivors(const KernelView& view, const History& history) {
  Problems problems;
  Leaders leaders = ByProcess(view);
  for (const auto& [name, past] : history) {
    if (past.restarted || EndsByItself(name)) continue;
    int64_t survivors = 0;
    for (const KernelProcess& leader : leaders[name]) {
      const auto before = past.before.find(leader.pid);
      if (before != past.before.end() && before->second == leader.start_ticks &&
          !past.killed.contains(leader.pid)) {
        ++survivors;
      }
    }
    const int64_t expected =
        past.least - static_cast<int64_t>(past.killed.size());
    if (survivors >= expected) continue;
    std::vector<pid_t> pids;
    pids.reserve(past.before.size());
    for (const auto& [pid, start] : past.before) pids.push_back(pid);
    problems.push_back(absl::StrCat(
        name, ": expected at least ", expected, " of the pids [",
        absl::StrJoin(pids, ", "), "] to be left, as ", past.least,
        " were desired throughout and the driver killed ", past.killed.size(),
        ", but the kernel has ", Pids(leaders[name])));
  }
  return problems;
}

Problems CheckDesired(const std::vector<ApiProcess>& processes,
                      const History& history) {
  Problems problems;
  for (const ApiProcess& process : processes) {
    const auto past = history.find(process.name);
    if (past == history.end() ||
        past->second.possible.contains(process.desired)) {
      continue;
    }
    problems.push_back(
        absl::StrCat(process.name, ": expected the desired count to be one of ",
                     absl::StrJoin(past->second.possible, ", "),
                     ", as requested, but it is ", process.desired));
  }
  if (processes.size() != history.size()) {
    problems.push_back(absl::StrCat("expected ", history.size(),
                                    " processes in the API, but there are ",
                                    processes.size()));
  }
  return problems;
}

Problems CheckLedger(const KernelView& view, const EventLedger& ledger) {
  Problems problems;
  std::map<EventLedger::Instance, pid_t> seen;
  for (const KernelProcess& leader : view.Leaders()) {
    if (EndsByItself(leader.process)) continue;
    const EventLedger::Instance instance(leader.process, leader.instance);
    seen[instance] = leader.pid;
    const auto known = ledger.running().find(instance);
    if (known != ledger.running().end() && known->second == leader.pid)
      continue;
    problems.push_back(absl::StrCat(
        leader.process, ".", leader.instance, ": expected an event that pid ",
        leader.pid, " was started, but by the events ",
        known == ledger.running().end()
            ? std::string("it does not run")
            : absl::StrCat("pid ", known->second, " runs")));
  }
  for (const auto& [instance, pid] : ledger.running()) {
    if (EndsByItself(instance.first) || seen.contains(instance)) continue;
    problems.push_back(absl::StrCat(instance.first, ".", instance.second,
                                    ": expected an event that pid ", pid,
                                    " has ended, as the kernel no longer "
                                    "has it, but there is none"));
  }
  return problems;
}

Problems CheckActions(const std::vector<ApiAction>& actions,
                      const EventLedger& ledger) {
  Problems problems;
  for (const ApiAction& action : actions) {
    const std::string who = absl::StrCat(action.kind, " ", action.id);
    if (!action.has_ended) {
      problems.push_back(
          absl::StrCat(who, ": expected it to have ended, but it has not"));
      continue;
    }
    if (!action.success && !MayFail(action)) {
      problems.push_back(absl::StrCat(
          who, ": expected success, but it ended with: ", action.message));
    }
    const auto events = ledger.actions().find(action.id);
    const EventLedger::ActionEvents counts = events == ledger.actions().end()
                                                 ? EventLedger::ActionEvents{}
                                                 : events->second;
    if (counts.started != 1 || counts.finished != 1) {
      problems.push_back(absl::StrCat(
          who,
          ": expected one event of its start and one of its end, but "
          "there are ",
          counts.started, " and ", counts.finished));
    }
  }
  return problems;
}

}  // namespace tallyman::chaos
