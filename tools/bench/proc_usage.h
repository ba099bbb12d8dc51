// What a process takes of memory and processor.

#ifndef TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_
#define TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

struct MemoryUse {
  // Resident pages, of which each shared one counts as its part.
  int64_t pss_bytes = 0;
  int64_t rss_bytes = 0;
};

// From /proc/PID/smaps_rollup: processes of the same user.
absl::StatusOr<MemoryUse> ReadMemoryUse(pid_t pid);

// Since the process began.
struct CpuUse {
  // utime and stime of /proc/PID/stat, whole clock ticks.
  absl::Duration ticks;
  // Its clock (clock_getcpuclockid(3)), exact.
  absl::Duration clock;
  // voluntary_ctxt_switches of its threads, by their ids.
  std::map<pid_t, int64_t> switches;
};

absl::StatusOr<CpuUse> ReadCpuUse(pid_t pid);

// The voluntary switches between two readings, of threads that are in the later
// one.
int64_t SwitchesBetween(const CpuUse& before, const CpuUse& after);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_
