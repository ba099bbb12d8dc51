// Driver: requests and kills of a round.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/driver.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/server_under_test.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(10);
// How long a server may take to meet its fault.
constexpr absl::Duration kFaultTimeout = absl::Seconds(1);
constexpr absl::Duration kFaultRequestGap = absl::Milliseconds(20);

}  // namespace

void Driver::Kill(const Plan& plan) {
  absl::SleepFor(plan.kill_delay);
  switch (plan.victim) {
    case Victim::kNone:
      return;
    case Victim::kServer:
      server_.Kill();
      return;
    case Victim::kKeeper:
      server_.KillKeeper();
      return;
    case Victim::kServerThenKeeper:
      server_.Kill();
      absl::SleepFor(plan.kill_gap);
      server_.KillKeeper();
      return;
    case Victim::kKeeperThenServer:
      server_.KillKeeper();
      absl::SleepFor(plan.kill_gap);
      server_.Kill();
      return;
  }
}

Problems Driver::ActWithKills(const Plan& plan) {
  const bool kills_server = plan.victim == Victim::kServer ||
                            plan.victim == Victim::kServerThenKeeper ||
                            plan.victim == Victim::kKeeperThenServer;
  had_crash_ = plan.victim != Victim::kNone;
  ++counts_.victims[std::string(VictimName(plan.victim))];
  std::thread killer([&] { Kill(plan); });
  Problems problems;
  for (size_t i = 0; i < plan.requests.size(); ++i) {
    SendRequest(plan, i, problems);
  }
  killer.join();
  if (!kills_server && !server_.IsAlive()) {
    problems.push_back(
        absl::StrCat("expected the server to live on, as it was not killed, "
                     "but it ",
                     server_.DescribeEnd()));
  }
  return problems;
}

Problems Driver::ActWithFault(const Plan& plan) {
  had_crash_ = true;
  Problems problems;
  if (plan.stops_before_fault) {
    problems = ProblemsOf(server_.Stop());
  } else {
    server_.Kill();
  }
  // A keeper has the environment of the server that started it.
  if (plan.fault_is_of_keeper()) server_.KillKeeper();
  const absl::Time deadline = absl::Now() + kFaultTimeout;
  const absl::Status started = server_.Start(plan.fault);
  if (!started.ok() && !absl::IsAborted(started)) return ProblemsOf(started);
  if (started.ok()) {
    ConnectApi();
    for (size_t i = 0; i < plan.requests.size() && server_.IsAlive(); ++i) {
      SendRequest(plan, i, problems);
      absl::SleepFor(kFaultRequestGap);
    }
  }
  const auto has_struck = [&] {
    return plan.fault_is_of_keeper() ? server_.HasLogged("keeper_lost")
                                     : !server_.IsAlive();
  };
  while (!has_struck() && absl::Now() < deadline) absl::SleepFor(kPollInterval);
  Counts::Fault& fault =
      counts_.faults[plan.fault.substr(0, plan.fault.find(':'))];
  ++fault.planned;
  if (has_struck()) ++fault.struck;
  if (plan.fault_is_of_keeper() && !server_.IsAlive()) {
    problems.push_back(
        absl::StrCat("expected the server to survive its keeper, but it ",
                     server_.DescribeEnd()));
  }
  server_.Kill();
  if (plan.fault_is_of_keeper()) server_.KillKeeper();
  return problems;
}

absl::StatusOr<int64_t> Driver::Request(const Plan& plan,
                                        const PlannedRequest& request) {
  const std::string& process = Processes()[request.process].name;
  switch (request.kind) {
    case PlannedRequest::Kind::kScale:
      return api_->Scale(
          stack_uid_, server_uid_, process, request.count,
          request.repeated ? absl::StrCat("round-", plan.round) : "");
    case PlannedRequest::Kind::kRestart:
      return api_->Run(stack_uid_, "process_restart", process);
    case PlannedRequest::Kind::kPause:
      return api_->Run(stack_uid_, "process_pause", process);
    case PlannedRequest::Kind::kResume:
      return api_->Run(stack_uid_, "process_resume", process);
  }
  return absl::InternalError("a request of no kind");
}

void Driver::SendRequest(const Plan& plan, size_t index, Problems& problems) {
  const PlannedRequest& request = plan.requests[index];
  absl::SleepFor(request.delay);
  const absl::StatusOr<int64_t> answer = Request(plan, request);
  if (index + 1 == plan.requests.size()) last_answer_ = answer;
  RecordAnswer(request, answer, problems);
  if (plan.instance_kill && plan.instance_kill->after_request == index) {
    KillInstance(*plan.instance_kill);
  }
}

void Driver::RecordAnswer(const PlannedRequest& request,
                          const absl::StatusOr<int64_t>& action_id,
                          Problems& problems) {
  if (absl::IsUnavailable(action_id.status())) return;  // It was not sent.
  const std::string& name = Processes()[request.process].name;
  ProcessHistory& past = history_[name];
  if (action_id.ok()) {
    ++counts_.taken;
    taken_.push_back(*action_id);
    if (request.kind == PlannedRequest::Kind::kScale) past.possible.clear();
  } else if (absl::IsUnknown(action_id.status())) {
    ++counts_.unknown;
  } else {
    problems.push_back(absl::StrCat(name,
                                    ": expected the request to be taken, but: ",
                                    action_id.status().message()));
    return;
  }
  if (request.kind == PlannedRequest::Kind::kScale) {
    past.possible.insert(request.count);
    past.least = std::min(past.least, request.count);
  }
  if (request.kind == PlannedRequest::Kind::kRestart) past.restarted = true;
}

void Driver::KillInstance(const InstanceKill& kill) {
  const std::string& name = Processes()[kill.process].name;
  std::vector<KernelProcess> candidates;
  for (KernelProcess& leader : Kernel().Leaders()) {
    if (leader.process == name) candidates.push_back(std::move(leader));
  }
  if (candidates.empty()) return;
  const KernelProcess& chosen = candidates[kill.choice % candidates.size()];
  if (!SignalProcess(chosen, SIGKILL)) return;
  history_[name].killed.insert(chosen.pid);
  ++counts_.instances_killed;
}

Problems Driver::Restart() {
  if (!server_.IsAlive()) {
    if (absl::Status started = server_.Start(""); !started.ok()) {
      return ProblemsOf(started);
    }
  }
  ConnectApi();
  return {};
}

Problems Driver::RepeatLastRequest(const Plan& plan) {
  const PlannedRequest& request = plan.requests.back();
  if (!request.repeated) return {};
  ++counts_.repeated;
  const absl::StatusOr<int64_t> second = Request(plan, request);
  if (!second.ok()) {
    return {absl::StrCat("expected the repeated request to be taken, but: ",
                         second.status().message())};
  }
  Problems problems;
  RecordAnswer(request, second, problems);
  if (last_answer_.ok() && *last_answer_ != *second) {
    problems.push_back(
        absl::StrCat("expected the repeated request to have the action ",
                     *last_answer_, " of the first, but it has ", *second));
  }
  return problems;
}

Problems Driver::ResumePaused() {
  Problems problems;
  bool any = false;
  for (const harness::ApiProcess& process : present_) {
    const bool is_paused = std::any_of(
        process.instances.begin(), process.instances.end(),
        [](const harness::ApiInstance& i) { return i.state == "paused"; });
    if (!is_paused) continue;
    any = true;
    const absl::StatusOr<int64_t> action =
        api_->Run(stack_uid_, "process_resume", process.name);
    if (!action.ok()) {
      problems.push_back(absl::StrCat(process.name,
                                      ": expected the resume to be taken, "
                                      "but: ",
                                      action.status().message()));
      continue;
    }
    ++counts_.taken;
    taken_.push_back(*action);
  }
  if (any && problems.empty()) problems = Settle();
  return problems;
}

}  // namespace tallyman::chaos
