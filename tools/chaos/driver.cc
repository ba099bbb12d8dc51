#include "tools/chaos/driver.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/chaos/checks.h"
#include "tools/chaos/kernel_view.h"
#include "tools/chaos/plan.h"
#include "tools/chaos/server_under_test.h"
#include "tools/harness/api_client.h"

namespace tallyman::chaos {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(10);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(20);
// A longer recovery is no problem, but is printed.
constexpr absl::Duration kSlowRecovery = absl::Seconds(3);

std::vector<std::string> ServerFlags(bool use_cgroups) {
  return {"--server_name=chaos",   "--settle_time=0",
          "--restart_delay=5ms",   "--max_restart_delay=50ms",
          "--action_deadline=20s", "--max_events=1000000",
          "--nolog_requests",      use_cgroups ? "--cgroups" : "--nocgroups"};
}

}  // namespace

Driver::Driver(Options options)
    : options_(std::move(options)),
      server_({.program = options_.server,
               .directory = options_.directory,
               .flags = ServerFlags(options_.use_cgroups)}) {}

Driver::~Driver() {
  server_.Kill();
  server_.KillKeeper();
  // A child that waits to be released ends without its keeper. The next view
  // shows the processes that were forked since the one before.
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const KernelView view = Kernel();
    std::vector<KernelProcess> left = view.keepers;
    left.insert(left.end(), view.stack_processes.begin(),
                view.stack_processes.end());
    if (left.empty()) break;
    for (const KernelProcess& process : left) SignalProcess(process, SIGKILL);
    absl::SleepFor(kPollInterval);
  }
  server_.RemoveCgroups();
}

void Driver::PrintIfVerbose(std::string_view text) const {
  if (options_.verbose) std::cout << text << std::endl;
}

KernelView Driver::Kernel() const {
  return ReadKernelView({.stack_uid = stack_uid_,
                         .data_dir = server_.data_dir(),
                         .excluded = bystanders_.pids()});
}

void Driver::ConnectApi() {
  api_.emplace(server_.port(), token_, kAnswerTimeout);
}

// --- The beginning and the end

Problems Driver::Begin() {
  if (absl::Status started = server_.Start(""); !started.ok()) {
    return ProblemsOf(started);
  }
  Problems problems = MakeStack();
  if (problems.empty()) {
    problems = ProblemsOf(bystanders_.StartNamesake());
  }
  if (problems.empty()) {
    problems = ProblemsOf(bystanders_.StartLookalikes(stack_uid_));
  }
  if (!problems.empty()) return problems;
  auto processes = api_->Processes(stack_uid_);
  if (!processes.ok()) return ProblemsOf(processes.status());
  present_ = *std::move(processes);
  BeginHistory();
  return Settle();
}

Problems Driver::MakeStack() {
  token_ = server_.shown_token();
  ConnectApi();
  absl::StatusOr<std::string> token = api_->MakeToken();
  if (!token.ok()) return ProblemsOf(token.status());
  token_ = *std::move(token);
  ConnectApi();
  absl::StatusOr<std::string> stack = api_->MakeStack("chaos", Processes());
  if (!stack.ok()) return ProblemsOf(stack.status());
  stack_uid_ = *std::move(stack);
  absl::StatusOr<std::string> server = api_->ServerUid(stack_uid_);
  if (!server.ok()) return ProblemsOf(server.status());
  server_uid_ = *std::move(server);
  return {};
}

Problems Driver::End() {
  Problems problems = RemoveStack();
  Append(EndServer(), problems);
  Append(bystanders_.Check(), problems);
  Append(bystanders_.EndAll(), problems);
  return problems;
}

Problems Driver::RemoveStack() {
  const absl::StatusOr<int64_t> removal = api_->DeleteStack(stack_uid_);
  if (!removal.ok()) return ProblemsOf(removal.status());
  Problems problems;
  const absl::Time deadline = absl::Now() + options_.recovery_timeout;
  do {
    absl::SleepFor(kPollInterval);
    problems = ReadActions();
    view_ = Kernel();
    for (const KernelProcess& process : view_.stack_processes) {
      problems.push_back(absl::StrCat(
          "expected no process of the removed stack, but there is ",
          Describe(process)));
    }
  } while (!problems.empty() && absl::Now() < deadline);
  Append(ReadEvents(), problems);
  for (const auto& [instance, pid] : ledger_.running()) {
    problems.push_back(absl::StrCat(instance.first, ".", instance.second,
                                    ": expected an event that pid ", pid,
                                    " has ended, but there is none"));
  }
  // All actions of the run once more: none may be lost.
  const auto actions = api_->Actions(stack_uid_, /*after=*/0);
  if (!actions.ok()) {
    Append(ProblemsOf(actions.status()), problems);
    return problems;
  }
  counts_.actions = static_cast<int64_t>(actions->size());
  Append(CheckActions(*actions, ledger_), problems);
  return problems;
}

Problems Driver::EndServer() {
  Problems problems = ProblemsOf(server_.Stop());
  const absl::Time deadline = absl::Now() + options_.recovery_timeout;
  while (!Kernel().keepers.empty() && absl::Now() < deadline) {
    absl::SleepFor(kPollInterval);
  }
  for (const KernelProcess& keeper : Kernel().keepers) {
    problems.push_back(absl::StrCat(
        "expected the keeper, which keeps no instance, to end after its "
        "server, but there is ",
        Describe(keeper)));
  }
  counts_.cgroups_left = server_.RemoveCgroups();
  return problems;
}

// --- A round

Problems Driver::RunRound(const Plan& plan) {
  ++counts_.rounds;
  PrintIfVerbose(Describe(plan));
  if (absl::Status started = bystanders_.StartNamesake(); !started.ok()) {
    return ProblemsOf(started);
  }
  had_crash_before_ = had_crash_;
  taken_.clear();
  last_answer_ = absl::UnavailableError("no request was sent");
  Problems problems =
      plan.fault.empty() ? ActWithKills(plan) : ActWithFault(plan);
  if (!problems.empty()) return problems;
  const absl::Time begin = absl::Now();
  problems = Restart();
  if (problems.empty()) problems = RepeatLastRequest(plan);
  if (problems.empty()) problems = Settle();
  if (problems.empty() && plan.resumes) problems = ResumePaused();
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

}  // namespace tallyman::chaos
