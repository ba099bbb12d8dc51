// The calls of macOS that the process lister makes, with portable types: bytes
// in the kernel's layout (kernel_records.h, process_arguments.h). The real
// implementation is libproc_system.h; tests have a fake.

#ifndef TALLYMAN_PLATFORM_MACOS_MACOS_SYSTEM_H_
#define TALLYMAN_PLATFORM_MACOS_MACOS_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::platform {

// The end of a call about one process.
enum class CallOutcome : uint8_t {
  kOk,
  // ESRCH: no process has the pid, or a zombie has it.
  kEnded,
  // Any other error: EPERM for processes of other users, EINVAL of
  // KERN_PROCARGS2 for the same and for processes without arguments.
  kRefused,
};

struct CallResult {
  CallOutcome outcome = CallOutcome::kRefused;
  size_t size = 0;  // Bytes written to the buffer, if the outcome is kOk.
};

// The unit of Mach absolute time: numerator / denominator nanoseconds, see
// mach_timebase_info() in mach/mach_time.h. 1/1 on Intel, 125/3 on Apple
// silicon.
struct Timebase {
  uint32_t numerator = 1;
  uint32_t denominator = 1;
};

// Thread-safe. Each Read function is one system call, borrows `buffer` for its
// duration and leaves the bytes after the returned size unspecified. No buffer
// needs an alignment.
class MacosSystem {
 public:
  // The size of a buffer for ReadArguments(): ARG_MAX of sys/syslimits.h, the
  // value of sysctl KERN_ARGMAX. XNU refuses a buffer that is more than a few
  // bytes larger, and writes the *end* of a block that does not fit.
  static constexpr size_t kArgumentsBufferBytes = size_t{1} << 20;

  virtual ~MacosSystem() = default;
  MacosSystem(const MacosSystem&) = delete;
  MacosSystem& operator=(const MacosSystem&) = delete;

  // sysctl KERN_PROC_ALL (sys/sysctl.h): an array of `struct kinfo_proc`, in no
  // order. Returns the bytes written; ResourceExhausted if `buffer` is too
  // small (ENOMEM), another status for other errors.
  virtual absl::StatusOr<size_t> ReadProcessTable(
      absl::Span<char> buffer) const = 0;

  // proc_pidinfo() PROC_PIDTASKALLINFO (libproc.h, sys/proc_info.h): a `struct
  // proc_taskallinfo`. Zombies have none: kEnded.
  virtual CallResult ReadTaskInfo(int32_t pid,
                                  absl::Span<char> buffer) const = 0;

  // proc_pid_rusage() RUSAGE_INFO_V4 (libproc.h, sys/resource.h): a `struct
  // rusage_info_v4`.
  virtual CallResult ReadResourceUsage(int32_t pid,
                                       absl::Span<char> buffer) const = 0;

  // sysctl KERN_PROCARGS2 (sys/sysctl.h): the block of process_arguments.h.
  virtual CallResult ReadArguments(int32_t pid,
                                   absl::Span<char> buffer) const = 0;

  // The name of a user id (getpwuid_r(3)); "" if it has none. May ask a
  // directory server.
  virtual std::string UserName(uint32_t uid) const = 0;

  // The unit of the processor times of ReadTaskInfo().
  virtual Timebase timebase() const = 0;

 protected:
  MacosSystem() = default;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_MACOS_SYSTEM_H_
