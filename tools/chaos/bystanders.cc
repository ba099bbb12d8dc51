#include "tools/chaos/bystanders.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
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
#include "tools/chaos/children.h"
#include "tools/chaos/kernel_view.h"

namespace tallyman::chaos {
namespace {

constexpr std::string_view kMark = "CHAOS_BYSTANDER=1";
constexpr int kSignalled = 64;
constexpr int kBroken = 1;
constexpr absl::Duration kEndTimeout = absl::Seconds(20);

int WatchUntilInputEnds() {
  sigset_t all;
  sigfillset(&all);
  const int signals = signalfd(-1, &all, SFD_CLOEXEC);
  if (signals < 0) return kBroken;
  while (true) {
    pollfd watched[] = {{.fd = signals, .events = POLLIN, .revents = 0},
                        {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0}};
    if (poll(watched, 2, -1) < 0) continue;
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
  return DescribeEnd(wait_status);
}

}  // namespace

void BecomeBystanderIfAsked(char** argv) {
  for (char** each = environ; *each != nullptr; ++each) {
    if (*each != kMark) continue;
    prctl(PR_SET_NAME, argv[0]);
    _exit(WatchUntilInputEnds());
  }
}

Bystanders::~Bystanders() { EndAll(); }

absl::Status Bystanders::Start(const std::vector<std::string>& arguments,
                               std::vector<std::string> environment) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe2");
  const base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  environment.emplace_back(kMark);
  const absl::StatusOr<pid_t> pid =
      children_.Start({.program = "/proc/self/exe",
                       .arguments = arguments,
                       .environment = std::move(environment),
                       .input = read_end.get(),
                       .error = STDERR_FILENO,
                       .own_session = true,
                       .blocks_signals = true});
  if (!pid.ok()) return pid.status();
  running_.push_back({.pid = *pid,
                      .input = std::move(write_end),
                      .name = absl::StrJoin(arguments, " ")});
  return absl::OkStatus();
}

std::set<pid_t> Bystanders::pids() const {
  std::set<pid_t> pids;
  for (const Bystander& bystander : running_) pids.insert(bystander.pid);
  return pids;
}

std::vector<std::string> Bystanders::Check() const {
  std::vector<std::string> problems;
  for (const Bystander& bystander : running_) {
    const std::string who = absl::StrCat("the bystander \"", bystander.name,
                                         "\" (pid ", bystander.pid, ")");
    if (const std::optional<int> end = children_.EndOf(bystander.pid)) {
      problems.push_back(absl::StrCat(who, ": expected no signal, but it ",
                                      DescribeBystanderEnd(*end)));
    } else if (StateOfProcess(bystander.pid) == 'T') {
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
  const std::optional<int> end = children_.Wait(bystander.pid, kEndTimeout);
  if (!end || *end != 0) {
    problems.push_back(absl::StrCat(
        "the bystander \"", bystander.name, "\" (pid ", bystander.pid,
        "): expected no signal until its end, but it ",
        end ? DescribeBystanderEnd(*end) : "did not end"));
    children_.Signal(bystander.pid, SIGKILL);
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
