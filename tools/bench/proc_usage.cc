#include "tools/bench/proc_usage.h"

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "platform/testing/proc_file.h"

namespace tallyman::bench {
namespace {

constexpr int64_t kKibibyte = 1024;

// The number after `key`, such as "Pss:", at the start of a line.
std::optional<int64_t> NumberOf(std::string_view text, std::string_view key) {
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, key)) continue;
    const std::vector<std::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t number = 0;
    if (words.empty() || !absl::SimpleAtoi(words[0], &number)) break;
    return number;
  }
  return std::nullopt;
}

absl::Status CannotRead(pid_t pid, std::string_view name) {
  return absl::NotFoundError(absl::StrCat("can't read /proc/", pid, "/", name));
}

}  // namespace

absl::StatusOr<int64_t> ReadPssBytes(pid_t pid) {
  const std::optional<std::string> text =
      platform::ReadProc(pid, "smaps_rollup");
  if (!text) return CannotRead(pid, "smaps_rollup");
  const std::optional<int64_t> pss = NumberOf(*text, "Pss:");
  if (!pss) return CannotRead(pid, "smaps_rollup");
  return *pss * kKibibyte;
}

absl::StatusOr<ProcSize> ReadProcSize(pid_t pid) {
  const std::optional<std::string> status = platform::ReadProc(pid, "status");
  if (!status) return CannotRead(pid, "status");
  const std::optional<int64_t> resident = NumberOf(*status, "VmRSS:");
  const std::optional<int64_t> threads = NumberOf(*status, "Threads:");
  if (!resident || !threads) return CannotRead(pid, "status");
  return ProcSize{
      .resident_bytes = *resident * kKibibyte,
      .threads = *threads,
      .descriptors = static_cast<int64_t>(
          platform::ListNumbers(absl::StrCat("/proc/", pid, "/fd")).size())};
}

absl::StatusOr<CpuUse> ReadCpuUse(pid_t pid) {
  clockid_t clock = 0;
  timespec spent = {};
  if (clock_getcpuclockid(pid, &clock) != 0 ||
      clock_gettime(clock, &spent) != 0) {
    return absl::NotFoundError(
        absl::StrCat("can't read the processor clock of pid ", pid));
  }
  CpuUse use = {.clock = absl::DurationFromTimespec(spent)};
  for (const pid_t thread :
       platform::ListNumbers(absl::StrCat("/proc/", pid, "/task"))) {
    // The thread may have ended since.
    const std::optional<std::string> status =
        platform::ReadProc(pid, absl::StrCat("task/", thread, "/status"));
    if (!status) continue;
    const std::optional<int64_t> switches =
        NumberOf(*status, "voluntary_ctxt_switches:");
    if (switches) use.switches[thread] = *switches;
  }
  if (use.switches.empty()) return CannotRead(pid, "task");
  return use;
}

int64_t SwitchesBetween(const CpuUse& before, const CpuUse& after) {
  int64_t sum = 0;
  for (const auto& [thread, count] : after.switches) {
    const auto earlier = before.switches.find(thread);
    sum += earlier == before.switches.end() ? count : count - earlier->second;
  }
  return sum;
}

}  // namespace tallyman::bench
