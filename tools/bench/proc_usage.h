// The use of memory and processor of one process.

#ifndef TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_
#define TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

// The proportional set size in bytes: a page that n processes share counts as
// 1/n. From /proc/PID/smaps_rollup, which only the same user may read.
absl::StatusOr<int64_t> ReadPssBytes(pid_t pid);

struct ProcSize {
  int64_t resident_bytes = 0;  // VmRSS
  int64_t threads = 0;
  int64_t descriptors = 0;
};

absl::StatusOr<ProcSize> ReadProcSize(pid_t pid);

// Since the start of the process.
struct CpuUse {
  absl::Duration clock;  // clock_getcpuclockid(3)
  // voluntary_ctxt_switches of its threads, by their ids.
  std::map<pid_t, int64_t> switches;
};

absl::StatusOr<CpuUse> ReadCpuUse(pid_t pid);

// The voluntary switches between two readings, of threads of the later one.
int64_t SwitchesBetween(const CpuUse& before, const CpuUse& after);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_PROC_USAGE_H_
