// Reads many processes with several threads.

#ifndef TALLYMAN_PLATFORM_LINUX_SCAN_H_
#define TALLYMAN_PLATFORM_LINUX_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "platform/arena.h"
#include "platform/linux/process_reader.h"
#include "platform/process.h"

namespace tallyman::platform {

// One listing, which may read in several passes. Not thread-safe; starts
// threads of its own.
class Scan {
 public:
  // Reads processes of `pids`, which ascend. `context.cache`, if there is one,
  // is aligned with them. Both arguments must outlive the scan.
  Scan(const ReadContext& context, const std::vector<int32_t>& pids,
       size_t max_threads)
      : context_(context), pids_(pids), max_threads_(max_threads) {}

  // How one pass reads each process.
  struct Pass {
    const ReadPlan& plan;
    // If set, leaves out processes for which this is false. The scan calls it
    // after reading `plan`, and before that after reading `test`, if that is
    // set.
    const std::function<bool(const Process&)>* condition = nullptr;
    const ReadPlan* test = nullptr;
  };

  // Appends to `found` the processes at `indices` of the pids, in that order.
  // Leaves out processes that have ended or do not meet the condition. Returns
  // 0, or an errno for which IsExhaustion() is true.
  int Read(const Pass& pass, absl::Span<const size_t> indices,
           std::vector<Process>& found);

  // The indices, among the pids, of processes that the scan has found.
  std::vector<size_t> IndicesOf(absl::Span<const Process> processes) const;

  // The memory that all processes of the scan point into.
  std::vector<Arena> TakeStrings();

 private:
  struct Work;

  void RunThread(ProcessReader& reader, const Pass& pass, Work& work);

  const ReadContext& context_;
  const std::vector<int32_t>& pids_;
  const size_t max_threads_;
  std::vector<std::unique_ptr<ProcessReader>> readers_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LINUX_SCAN_H_
