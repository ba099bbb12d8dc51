#include "tools/chaos/driver.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/chaos/api_client.h"
#include "tools/chaos/bystanders.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/children.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/server_under_test.h"

namespace tallyman::chaos {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(10);
// How long a server with a fault may go on.
constexpr absl::Duration kFaultTimeout = absl::Seconds(1);
// Worth a line, though nothing may be wrong.
constexpr absl::Duration kSlowRecovery = absl::Seconds(3);
constexpr absl::Duration kFaultRequestGap = absl::Milliseconds(20);

std::vector<std::string> ServerFlags(bool use_cgroups) {
  return {"--server_name=chaos",   "--settle_time=0",
          "--restart_delay=5ms",   "--max_restart_delay=50ms",
          "--action_deadline=20s", "--max_events=1000000",
          "--nolog_requests",      use_cgroups ? "--cgroups" : "--nocgroups"};
}

}  // namespace

Driver::Driver(Options options, Children& children)
    : options_(std::move(options)),
      children_(children),
      bystanders_(children),
      server_({.program = options_.server,
               .directory = options_.directory,
               .flags = ServerFlags(options_.use_cgroups)},
              children) {}

Driver::~Driver() {
  server_.Kill();
  server_.KillKeeper();
  // One that is at the gate ends without its server. What is forked meanwhile
  // is found by the next look.
  constexpr int kLooks = 100;
  for (int look = 0; look < kLooks; ++look) {
    const KernelView view = Kernel();
    std::vector<KernelProcess> left = view.keepers;
    left.insert(left.end(), view.of_stack.begin(), view.of_stack.end());
    if (left.empty()) break;
    for (const KernelProcess& process : left) SignalProcess(process, SIGKILL);
    absl::SleepFor(kLookAgain);
  }
  server_.RemoveCgroups();
}

void Driver::Say(std::string_view text) const {
  if (options_.verbose) std::cout << text << std::endl;
}

KernelView Driver::Kernel() const {
  return LookAtKernel({.stack_uid = stack_uid_,
                       .data_dir = server_.data_dir(),
                       .excluded = bystanders_.pids()});
}

// --- The beginning and the end

absl::Status Driver::StartBystanders(int round) {
  // One that is called what an instance is called. One that looks like an
  // instance of another server, and one like a stray of this one: nobody but
  // its parent may know that it is none.
  const std::string launch =
      absl::StrCat(absl::Hex(round, absl::kZeroPad16), "00000000cafe0000");
  const auto environment = [&](std::string_view stack) {
    return std::vector<std::string>{
        absl::StrCat("TALLYMAN_STACK=", stack), "TALLYMAN_PROCESS=sleeper",
        "TALLYMAN_INSTANCE=1", absl::StrCat("TALLYMAN_LAUNCH=", launch)};
  };
  absl::Status status =
      bystanders_.Start({"sleep", "100000"}, {"PATH=/usr/bin:/bin"});
  if (!status.ok() || round > 0) return status;
  status = bystanders_.Start({"sleep", "100000"},
                             environment("5999b763474b0eafa5fafb64bff0ba80"));
  if (!status.ok()) return status;
  status = bystanders_.Start({"sleep", "100000"}, environment(stack_uid_));
  if (!status.ok()) return status;
  return bystanders_.Start({"tallyman-keeper", "--keeper", "/nowhere", "3"},
                           {"PATH=/usr/bin:/bin"});
}

Problems Driver::Begin() {
  if (absl::Status started = server_.Start(""); !started.ok()) {
    return ProblemsOf(started);
  }
  token_ = server_.shown_token();
  absl::StatusOr<std::string> token =
      ApiClient(server_.port(), token_).MakeToken();
  if (!token.ok()) return ProblemsOf(token.status());
  token_ = *std::move(token);
  api_ = std::make_unique<ApiClient>(server_.port(), token_);
  absl::StatusOr<std::string> stack = api_->MakeStack(Processes());
  if (!stack.ok()) return ProblemsOf(stack.status());
  stack_uid_ = *std::move(stack);
  absl::StatusOr<std::string> server = api_->ServerUid(stack_uid_);
  if (!server.ok()) return ProblemsOf(server.status());
  server_uid_ = *std::move(server);
  if (absl::Status started = StartBystanders(0); !started.ok()) {
    return ProblemsOf(started);
  }
  const auto processes = api_->Processes(stack_uid_);
  if (!processes.ok()) return ProblemsOf(processes.status());
  Remember(*processes);
  return Settle();
}

Problems Driver::End() {
  const Reply reply = api_->DeleteStack(stack_uid_);
  if (reply.kind != Reply::Kind::kTaken) {
    return {absl::StrCat("removing the stack: ", reply.what)};
  }
  Problems problems;
  const absl::Time deadline = absl::Now() + options_.recovery_timeout;
  do {
    absl::SleepFor(kLookAgain);
    problems = ReadActions();
    view_ = Kernel();
    for (const KernelProcess& process : view_.of_stack) {
      problems.push_back(absl::StrCat(
          "expected nothing to be left of the removed stack, but there is ",
          Describe(process)));
    }
  } while (!problems.empty() && absl::Now() < deadline);
  Append(ReadEvents(), problems);
  for (const auto& [instance, pid] : ledger_.running()) {
    problems.push_back(absl::StrCat(instance.first, ".", instance.second,
                                    ": expected an event that pid ", pid,
                                    " has ended, but there is none"));
  }
  // All of them once more: none was forgotten.
  const auto actions = api_->Actions(stack_uid_, /*after=*/0);
  if (!actions.ok()) return ProblemsOf(actions.status());
  counts_.actions = static_cast<int64_t>(actions->size());
  Append(CheckActions(*actions, ledger_), problems);
  Append(ProblemsOf(server_.Stop()), problems);
  const absl::Time keeper_deadline = absl::Now() + options_.recovery_timeout;
  while (!Kernel().keepers.empty() && absl::Now() < keeper_deadline) {
    absl::SleepFor(kLookAgain);
  }
  for (const KernelProcess& keeper : Kernel().keepers) {
    problems.push_back(absl::StrCat(
        "expected the keeper to end after its server, with nothing left to "
        "keep, but there is ",
        Describe(keeper)));
  }
  counts_.cgroups_left = server_.RemoveCgroups();
  Append(bystanders_.Check(), problems);
  Append(bystanders_.EndAll(), problems);
  return problems;
}

// --- A round

Problems Driver::RunRound(const Plan& plan) {
  ++counts_.rounds;
  Say(Describe(plan));
  if (absl::Status started = StartBystanders(plan.round); !started.ok()) {
    return ProblemsOf(started);
  }
  had_crash_before_ = had_crash_;
  taken_.clear();
  last_reply_ = {.kind = Reply::Kind::kNotSent};
  Problems problems = Act(plan);
  if (!problems.empty()) return problems;
  const absl::Time begin = absl::Now();
  problems = Restart();
  if (problems.empty()) problems = Repeat(plan);
  if (problems.empty()) problems = Settle();
  if (problems.empty() && plan.resumes) problems = Resume(present_);
  const absl::Duration took = absl::Now() - begin;
  counts_.longest_recovery = std::max(counts_.longest_recovery, took);
  if (took > kSlowRecovery) {
    std::cout << "slow, " << absl::FormatDuration(took) << ": "
              << Describe(plan) << std::endl;
  }
  Append(bystanders_.Check(), problems);
  Append(bystanders_.EndYoungest(), problems);
  return problems;
}

Problems Driver::Act(const Plan& plan) {
  return plan.fault.empty() ? ActWithKills(plan) : ActWithFault(plan);
}

Problems Driver::ActWithKills(const Plan& plan) {
  const bool kills_server = plan.victim == Victim::kServer ||
                            plan.victim == Victim::kServerThenKeeper ||
                            plan.victim == Victim::kKeeperThenServer;
  had_crash_ = plan.victim != Victim::kNone;
  ++counts_.victims[std::string(VictimName(plan.victim))];
  std::thread killer([&] {
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
  });
  Problems problems;
  for (size_t i = 0; i < plan.requests.size(); ++i) {
    Send(plan, plan.requests[i], problems);
    if (plan.instance_kill && plan.instance_kill->after_request == i) {
      KillInstance(*plan.instance_kill);
    }
  }
  killer.join();
  if (!kills_server && !server_.IsAlive()) {
    problems.push_back(absl::StrCat(
        "expected the server to go on, as nobody killed it, but it ",
        server_.DescribeLastEnd()));
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
    api_ = std::make_unique<ApiClient>(server_.port(), token_);
    for (size_t i = 0; i < plan.requests.size() && server_.IsAlive(); ++i) {
      Send(plan, plan.requests[i], problems);
      if (plan.instance_kill && plan.instance_kill->after_request == i) {
        KillInstance(*plan.instance_kill);
      }
      absl::SleepFor(kFaultRequestGap);
    }
  }
  const auto has_struck = [&] {
    return plan.fault_is_of_keeper() ? server_.HasLogged("keeper_lost")
                                     : !server_.IsAlive();
  };
  while (!has_struck() && absl::Now() < deadline) absl::SleepFor(kLookAgain);
  Counts::Fault& fault =
      counts_.faults[plan.fault.substr(0, plan.fault.find(':'))];
  ++fault.planned;
  if (has_struck()) ++fault.struck;
  if (plan.fault_is_of_keeper() && !server_.IsAlive()) {
    problems.push_back(
        absl::StrCat("expected the server to survive its keeper, but it ",
                     server_.DescribeLastEnd()));
  }
  server_.Kill();
  if (plan.fault_is_of_keeper()) server_.KillKeeper();
  return problems;
}

Reply Driver::SendOnce(const Plan& plan, const PlannedRequest& request) {
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
  return {};
}

void Driver::Send(const Plan& plan, const PlannedRequest& request,
                  Problems& problems) {
  absl::SleepFor(request.delay);
  const Reply reply = SendOnce(plan, request);
  if (&request == &plan.requests.back()) last_reply_ = reply;
  Note(request, reply, problems);
}

void Driver::Note(const PlannedRequest& request, const Reply& reply,
                  Problems& problems) {
  const std::string& name = Processes()[request.process].name;
  ProcessHistory& past = history_[name];
  switch (reply.kind) {
    case Reply::Kind::kNotSent:
      return;
    case Reply::Kind::kRefused:
      problems.push_back(absl::StrCat(
          name, ": expected the request to be taken, but: ", reply.what));
      return;
    case Reply::Kind::kTaken:
      ++counts_.taken;
      taken_.push_back(reply.action_id);
      if (request.kind == PlannedRequest::Kind::kScale) past.possible.clear();
      break;
    case Reply::Kind::kUnknown:
      ++counts_.unknown;
      break;
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
  api_ = std::make_unique<ApiClient>(server_.port(), token_);
  return {};
}

Problems Driver::Repeat(const Plan& plan) {
  const PlannedRequest& request = plan.requests.back();
  if (!request.repeated) return {};
  ++counts_.repeated;
  const Reply first = last_reply_;
  const Reply second = SendOnce(plan, request);
  if (second.kind != Reply::Kind::kTaken) {
    return {absl::StrCat("expected the repeated request to be taken, but: ",
                         second.what)};
  }
  Problems problems;
  Note(request, second, problems);
  if (first.kind == Reply::Kind::kTaken &&
      first.action_id != second.action_id) {
    problems.push_back(absl::StrCat(
        "expected the repeated request to have the action ", first.action_id,
        " of the first, but it has ", second.action_id));
  }
  return problems;
}

Problems Driver::Resume(const std::vector<ApiProcess>& processes) {
  Problems problems;
  bool any = false;
  for (const ApiProcess& process : processes) {
    const bool paused =
        std::any_of(process.instances.begin(), process.instances.end(),
                    [](const ApiInstance& i) { return i.state == "paused"; });
    if (!paused) continue;
    any = true;
    const Reply reply = api_->Run(stack_uid_, "process_resume", process.name);
    if (reply.kind != Reply::Kind::kTaken) {
      problems.push_back(
          absl::StrCat(process.name,
                       ": expected the resume to be taken, but: ", reply.what));
      continue;
    }
    ++counts_.taken;
    taken_.push_back(reply.action_id);
  }
  if (any && problems.empty()) problems = Settle();
  return problems;
}

}  // namespace tallyman::chaos
