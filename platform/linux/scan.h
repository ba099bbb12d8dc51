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
  // Of `pids`, which ascend; `context.kept`, if there is one, is aligned with
  // them. Both must outlive the scan.
  Scan(const ReadContext& context, const std::vector<int32_t>& pids,
       size_t max_threads)
      : context_(context), pids_(pids), max_threads_(max_threads) {}

  // What one pass does with each process.
  struct Pass {
    const ReadPlan& plan;
    // Only processes for which this holds, if it is set; asked after `test` was
    // read, if that is set, and in any case after `plan` was.
    const std::function<bool(const Process&)>* condition = nullptr;
    const ReadPlan* test = nullptr;
  };

  // Appends to `found` the processes at `indices` (into the pids), in this
  // order; those that are not there, or do not meet the condition, are left
  // out. An errno if IsExhaustion(), else 0.
  int Read(const Pass& pass, absl::Span<const size_t> indices,
           std::vector<Process>& found);

  // Where processes that were found stand among the pids.
  std::vector<size_t> IndicesOf(absl::Span<const Process> processes) const;

  // The strings that all processes of the scan point into.
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
