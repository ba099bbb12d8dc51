#include "tools/bench/instance_watch.h"

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/proc_file.h"
#include "tools/bench/spawn_loop.h"
#include "tools/harness/pidfd.h"

namespace tallyman::bench {
namespace {

std::string VariableOf(std::string_view stack_uid) {
  return absl::StrCat("TALLYMAN_STACK=", stack_uid);
}

}  // namespace

InstanceWatch::InstanceWatch(std::string_view stack_uid)
    : variable_(VariableOf(stack_uid)) {
  // A process that is no instance now never becomes one, except for a child
  // that waits to be released; between two measurements there is none.
  CountStarted();
  for (const pid_t pid : platform::ListNumbers("/proc")) known_.insert(pid);
}

size_t InstanceWatch::CountStarted() {
  const std::string name = absl::StrCat(kSleepName, "\n");
  for (const pid_t pid : platform::ListNumbers("/proc")) {
    if (known_.contains(pid) || platform::ReadProc(pid, "comm") != name)
      continue;
    // Without an environment the process is within execve(2), or a zombie.
    const std::optional<bool> is_ours = platform::HasVariable(pid, variable_);
    if (!is_ours) continue;
    if (*is_ours) {
      const std::optional<int64_t> start_ticks = platform::StartTicks(pid);
      if (!start_ticks) continue;
      instances_.push_back({.pid = pid, .start_ticks = *start_ticks});
    }
    known_.insert(pid);
  }
  return instances_.size();
}

bool InstanceWatch::AllGone() {
  while (!instances_.empty()) {
    const Instance& last = instances_.back();
    if (platform::StartTicks(last.pid) == last.start_ticks) return false;
    instances_.pop_back();
  }
  return true;
}

std::vector<pid_t> FindProcesses(std::string_view stack_uid) {
  const std::string variable = VariableOf(stack_uid);
  std::vector<pid_t> found;
  for (const pid_t pid : platform::ListNumbers("/proc")) {
    if (platform::HasVariable(pid, variable) == true) found.push_back(pid);
  }
  return found;
}

bool KillProcesses(std::string_view stack_uid) {
  const std::string variable = VariableOf(stack_uid);
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(20);
  while (true) {
    const std::vector<pid_t> found = FindProcesses(stack_uid);
    if (found.empty()) return true;
    if (Clock::now() > deadline) return false;
    for (const pid_t pid : found) {
      // The descriptor first: the process that is checked is the one that is
      // signalled.
      const base::UniqueFd process = harness::OpenPidfd(pid);
      if (process.valid() && platform::HasVariable(pid, variable) == true) {
        harness::SignalPidfd(process, SIGKILL);
      }
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
}

}  // namespace tallyman::bench
