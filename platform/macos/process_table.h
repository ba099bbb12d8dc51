// All processes of the machine, from one system call.
//
// The base of a list is sysctl KERN_PROC_ALL rather than proc_listallpids():
// one call returns every process, also zombies and processes of other users,
// with name, parent, owner, start time and status, and needs no permission.

#ifndef TALLYMAN_PLATFORM_MACOS_PROCESS_TABLE_H_
#define TALLYMAN_PLATFORM_MACOS_PROCESS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"

namespace tallyman::platform {

// The processes at one moment. Movable; moving keeps the names of the records
// valid. Const access is thread-safe.
class ProcessTable {
 public:
  // Reads the table into a buffer with room for at least `expected` processes,
  // and again into a larger one while it does not fit: at most 5 calls, the
  // last with room for more processes than there are pids. Unavailable if it
  // still does not fit; Internal if the system call fails or its result is no
  // array of records.
  static absl::StatusOr<ProcessTable> Read(const MacosSystem& system,
                                           size_t expected);

  // By ascending pid, each pid once. Never empty.
  absl::Span<const ProcessRecord> records() const { return records_; }

  // Null if no process has the pid.
  const ProcessRecord* Find(int32_t pid) const;

 private:
  ProcessTable(std::unique_ptr<char[]> bytes,
               std::vector<ProcessRecord> records)
      : bytes_(std::move(bytes)), records_(std::move(records)) {}

  static absl::StatusOr<ProcessTable> Parse(std::unique_ptr<char[]> bytes,
                                            size_t size);

  std::unique_ptr<char[]> bytes_;  // The names point into it.
  std::vector<ProcessRecord> records_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_PROCESS_TABLE_H_
