#include "tools/chaos/bystanders.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/chaos/kernel_view.h"
#include "tools/harness/child_process.h"

namespace tallyman::chaos {
namespace {

constexpr std::string_view kMark = "CHAOS_BYSTANDER=1";
constexpr std::string_view kPath = "PATH=/usr/bin:/bin";
// Exit codes.
constexpr int kSignalled = 64;
constexpr int kBroken = 1;
constexpr absl::Duration kEndTimeout = absl::Seconds(20);

// The exit code. All signals are blocked.
int WatchUntilInputEnds() {
  sigset_t all;
  sigfillset(&all);
  const int signals = signalfd(-1, &all, SFD_CLOEXEC);
  if (signals < 0) return kBroken;
  while (true) {
    std::array<pollfd, 2> watched = {
        {{.fd = signals, .events = POLLIN, .revents = 0},
         {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}}};
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[0].revents != 0) {
      signalfd_siginfo got;
      if (read(signals, &got, sizeof(got)) != sizeof(got)) return kBroken;
      return kSignalled + static_cast<int>(got.ssi_signo);
    }
    if (watched[1].revents != 0) return 0;
  }
}

std::string DescribeBystanderEnd(int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) > kSignalled) {
    return absl::StrCat("got signal ", WEXITSTATUS(wait_status) - kSignalled);
  }
  return harness::DescribeEnd(wait_status);
}

}  // namespace

void BecomeBystanderIfAsked(char** argv) {
  for (char** each = environ; *each != nullptr; ++each) {
    if (*each != kMark) continue;
    prctl(PR_SET_NAME, argv[0]);
    _exit(WatchUntilInputEnds());
  }
}

absl::Status Bystanders::StartNamesake() {
  return Start({"sleep", "100000"}, {std::string(kPath)});
}

absl::Status Bystanders::StartLookalikes(std::string_view stack_uid) {
  const auto start_instance = [&](std::string_view stack) {
    return Start({"sleep", "100000"},
                 {absl::StrCat("TALLYMAN_STACK=", stack),
                  "TALLYMAN_PROCESS=sleeper", "TALLYMAN_INSTANCE=1",
                  "TALLYMAN_LAUNCH=000000000000000000000000cafe0000"});
  };
  absl::Status status = start_instance("5999b763474b0eafa5fafb64bff0ba80");
  if (status.ok()) status = start_instance(stack_uid);
  if (!status.ok()) return status;
  return Start({"tallyman-keeper", "--keeper", "/nowhere", "3"},
               {std::string(kPath)});
}

absl::Status Bystanders::Start(std::vector<std::string> arguments,
                               std::vector<std::string> environment) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ErrnoToStatus(errno, "pipe2");
  }
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  environment.emplace_back(kMark);
  std::string name = absl::StrJoin(arguments, " ");
  absl::StatusOr<std::unique_ptr<harness::ChildProcess>> child =
      harness::ChildProcess::Start(
          {.program = "/proc/self/exe",
           .arguments = std::move(arguments),
           .environment = std::move(environment),
           .input = read_end.get(),
           .error = STDERR_FILENO,
           .group = harness::ChildOptions::Group::kOwnSession,
           .blocks_signals = true});
  if (!child.ok()) return child.status();
  running_.push_back({.child = *std::move(child),
                      .input = std::move(write_end),
                      .name = std::move(name)});
  return absl::OkStatus();
}

std::set<pid_t> Bystanders::pids() const {
  std::set<pid_t> pids;
  for (const Bystander& bystander : running_) {
    pids.insert(bystander.child->pid());
  }
  return pids;
}

std::vector<std::string> Bystanders::Check() {
  std::vector<std::string> problems;
  for (const Bystander& bystander : running_) {
    const std::string who =
        absl::StrCat("the bystander \"", bystander.name, "\" (pid ",
                     bystander.child->pid(), ")");
    if (const std::optional<int> end = bystander.child->End()) {
      problems.push_back(absl::StrCat(who, ": expected no signal, but it ",
                                      DescribeBystanderEnd(*end)));
    } else if (StateOfProcess(bystander.child->pid()) == 'T') {
      problems.push_back(
          absl::StrCat(who, ": expected no signal, but it was stopped"));
    }
  }
  return problems;
}

std::vector<std::string> Bystanders::EndYoungest() {
  if (running_.empty()) return {};
  std::vector<std::string> problems;
  Bystander& bystander = running_.back();
  bystander.input.reset();
  const std::optional<int> end = bystander.child->Wait(kEndTimeout);
  if (!end || *end != 0) {
    problems.push_back(absl::StrCat(
        "the bystander \"", bystander.name, "\" (pid ", bystander.child->pid(),
        "): expected no signal until its end, but it ",
        end ? DescribeBystanderEnd(*end) : "did not end"));
  }
  running_.pop_back();
  return problems;
}

std::vector<std::string> Bystanders::EndAll() {
  std::vector<std::string> problems;
  while (!running_.empty()) {
    for (std::string& problem : EndYoungest()) {
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace tallyman::chaos
