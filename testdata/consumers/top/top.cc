// The processes that use the most processor time, once a second:
//
//   top [ROUNDS [ROWS]]      by default without end, and 20 rows
//
// The first round shows the use since the start of each process, every other
// one the use since the round before. Takes //platform and nothing else.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "platform/process.h"
#include "platform/process_lister.h"

using tallyman::platform::Process;
using tallyman::platform::ProcessLister;

int main(int argc, char** argv) {
  const int64_t rounds = argc > 1 ? std::atoll(argv[1]) : -1;
  const size_t max_rows = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20;
  const auto lister = ProcessLister::Create({});
  if (!lister.ok()) return std::puts(lister.status().ToString().c_str()), 1;

  // By pid and start time, since pids are used again.
  std::map<std::pair<int32_t, int64_t>, absl::Duration> before;
  absl::Time before_at;
  for (int64_t round = 0; round != rounds; ++round) {
    if (round > 0) absl::SleepFor(absl::Seconds(1));
    const auto now = (*lister)->List({});
    if (!now.ok()) return std::puts(now.status().ToString().c_str()), 1;
    std::map<std::pair<int32_t, int64_t>, absl::Duration> used;
    std::vector<std::pair<double, const Process*>> rows;
    for (const Process& process : now->processes()) {
      const std::pair key(process.pid, process.start_ticks);
      const auto old = before.find(key);
      absl::Duration cpu = used[key] = process.cpu_time;
      absl::Time since = process.start_time;
      if (old != before.end()) cpu -= old->second, since = before_at;
      rows.emplace_back(100 * absl::FDivDuration(cpu, now->taken_at() - since),
                        &process);
    }
    std::sort(rows.rbegin(), rows.rend());
    rows.resize(std::min(rows.size(), max_rows));
    std::puts("    PID USER           %CPU      MiB  NAME");
    for (const auto& [percent, process] : rows) {
      std::printf("%7d %-12s %6.1f %8.1f  %s\n", process->pid,
                  std::string(process->user).c_str(), percent,
                  static_cast<double>(process->resident_bytes) / (1 << 20),
                  std::string(process->name).c_str());
    }
    before = std::move(used);
    before_at = now->taken_at();
  }
}
