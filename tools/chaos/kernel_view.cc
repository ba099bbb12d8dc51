#include "tools/chaos/kernel_view.h"

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/proc_file.h"
#include "tools/harness/pidfd.h"

namespace tallyman::chaos {
namespace {

constexpr std::string_view kKeeperName = "tallyman-keeper";
constexpr std::string_view kKeeperArgument = "--keeper";

bool FillInStat(pid_t pid, KernelProcess& process) {
  constexpr size_t kParent = 1;
  constexpr size_t kSession = 3;
  constexpr size_t kStartTicks = 19;
  const std::vector<std::string> fields = platform::ReadStat(pid);
  if (fields.size() <= kStartTicks) return false;
  process.state = fields[0][0];
  return absl::SimpleAtoi(fields[kParent], &process.parent) &&
         absl::SimpleAtoi(fields[kSession], &process.session) &&
         absl::SimpleAtoi(fields[kStartTicks], &process.start_ticks);
}

void ParseEnvironment(std::string_view text, KernelProcess& process) {
  for (const std::string_view variable : absl::StrSplit(text, '\0')) {
    if (!absl::StartsWith(variable, "TALLYMAN_")) continue;
    const std::pair<std::string_view, std::string_view> parts =
        absl::StrSplit(variable, absl::MaxSplits('=', 1));
    const auto& [name, value] = parts;
    if (name == "TALLYMAN_STACK") process.stack = std::string(value);
    if (name == "TALLYMAN_PROCESS") process.process = std::string(value);
    if (name == "TALLYMAN_LAUNCH") process.launch = std::string(value);
    if (name == "TALLYMAN_INSTANCE" &&
        !absl::SimpleAtoi(value, &process.instance)) {
      process.instance = 0;
    }
  }
}

bool IsKeeper(const KernelProcess& process, std::string_view data_dir) {
  return absl::StartsWith(
      process.command_line,
      absl::StrCat(kKeeperName, " ", kKeeperArgument, " ", data_dir, " "));
}

}  // namespace

std::string Describe(const KernelProcess& process) {
  return absl::StrCat("pid ", process.pid, " (", process.process, ".",
                      process.instance, ", launch ", process.launch, ", state ",
                      std::string_view(&process.state, 1), ", parent ",
                      process.parent, ", session ", process.session, ", start ",
                      process.start_ticks, "): ", process.command_line);
}

std::optional<KernelProcess> ReadProcess(pid_t pid) {
  KernelProcess process = {.pid = pid};
  if (!FillInStat(pid, process)) return std::nullopt;
  process.command_line = platform::ReadProc(pid, "cmdline").value_or("");
  std::replace(process.command_line.begin(), process.command_line.end(), '\0',
               ' ');
  ParseEnvironment(platform::ReadProc(pid, "environ").value_or(""), process);
  return process;
}

std::optional<char> StateOfProcess(pid_t pid) {
  KernelProcess process;
  if (!FillInStat(pid, process)) return std::nullopt;
  return process.state;
}

std::vector<KernelProcess> KernelView::Leaders() const {
  std::map<pid_t, std::string_view> launches;
  for (const KernelProcess& process : stack_processes) {
    launches[process.pid] = process.launch;
  }
  std::vector<KernelProcess> leaders;
  leaders.reserve(stack_processes.size());
  for (const KernelProcess& process : stack_processes) {
    if (process.pid != process.session) continue;
    const auto parent = launches.find(process.parent);
    if (parent != launches.end() && parent->second == process.launch) continue;
    leaders.push_back(process);
  }
  return leaders;
}

KernelView ReadKernelView(const KernelQuery& query) {
  KernelView view;
  for (const pid_t pid : platform::ListNumbers("/proc")) {
    if (query.excluded.contains(pid)) continue;
    std::optional<KernelProcess> process = ReadProcess(pid);
    if (!process) continue;
    if (!query.stack_uid.empty() && process->stack == query.stack_uid) {
      view.stack_processes.push_back(*std::move(process));
    } else if (IsKeeper(*process, query.data_dir)) {
      view.keepers.push_back(*std::move(process));
    }
  }
  return view;
}

bool SignalProcess(const KernelProcess& process, int signal) {
  const base::UniqueFd fd = harness::OpenPidfd(process.pid);
  if (!fd.valid()) return false;
  // The pid may have come to another process before the call.
  const std::optional<KernelProcess> now = ReadProcess(process.pid);
  if (!now || now->start_ticks != process.start_ticks ||
      now->launch != process.launch) {
    return false;
  }
  return harness::SignalPidfd(fd, signal);
}

}  // namespace tallyman::chaos
