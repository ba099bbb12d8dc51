// A process as the operating system reports it.
//
// Plain values; process_lister.h reads them from the system. Units are in the
// names. An unknown field has a value that is no measurement (-1, "" or
// kUnknown), never 0.
//
// Example: platform/process_lister_example_test.cc

#ifndef TALLYMAN_PLATFORM_PROCESS_H_
#define TALLYMAN_PLATFORM_PROCESS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tallyman::platform {

// The scheduler's state of a process; the names follow proc_pid_status(5).
enum class ProcessState : uint8_t {
  kUnknown,
  kRunning,
  kSleeping,
  kDiskSleep,
  kStopped,
  kTracingStop,
  kZombie,
  kDead,
  kIdle,
  kParked,
};

// "running", "disk-sleep", ...; "" for kUnknown.
std::string_view ProcessStateName(ProcessState state);

// The state with this name; nullopt if there is none, as for "".
std::optional<ProcessState> ParseProcessState(std::string_view name);

// The fields of a Process that a query can ask for. The lister may leave other
// fields unset, and does not read files that only they need.
enum class ProcessField : uint32_t {
  kName = 1u << 0,
  kArguments = 1u << 1,
  kNumThreads = 1u << 2,
  kState = 1u << 3,
  kResidentBytes = 1u << 4,
  kPeakResidentBytes = 1u << 5,
  kUser = 1u << 6,
  kStorageIo = 1u << 7,
  kParentPid = 1u << 8,
  kStartTime = 1u << 9,
  kCpuTime = 1u << 10,
  kVirtualBytes = 1u << 11,
  kSession = 1u << 12,
  kNice = 1u << 13,
  kCgroup = 1u << 14,
  kLast = kCgroup,
};

// A set of fields. A value type, cheap to copy.
class ProcessFields {
 public:
  constexpr ProcessFields() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a field is a set of one.
  constexpr ProcessFields(ProcessField field)
      : bits_(static_cast<uint32_t>(field)) {}

  static constexpr ProcessFields All() {
    ProcessFields all;
    all.bits_ = (static_cast<uint32_t>(ProcessField::kLast) << 1) - 1;
    return all;
  }

  constexpr ProcessFields operator|(ProcessFields other) const {
    ProcessFields both;
    both.bits_ = bits_ | other.bits_;
    return both;
  }
  constexpr ProcessFields& operator|=(ProcessFields other) {
    bits_ |= other.bits_;
    return *this;
  }
  // The fields of this set that `other` does not have.
  constexpr ProcessFields Without(ProcessFields other) const {
    ProcessFields rest;
    rest.bits_ = bits_ & ~other.bits_;
    return rest;
  }
  constexpr bool empty() const { return bits_ == 0; }
  // True if this set and `other` have a field in common.
  constexpr bool Intersects(ProcessFields other) const {
    return (bits_ & other.bits_) != 0;
  }
  friend constexpr bool operator==(ProcessFields a, ProcessFields b) {
    return a.bits_ == b.bits_;
  }

 private:
  uint32_t bits_ = 0;
};

constexpr ProcessFields operator|(ProcessField a, ProcessField b) {
  return ProcessFields(a) | ProcessFields(b);
}

// One process. The string views point into the ProcessSnapshot that the
// process came from and live as long as it does. Their bytes are the system's:
// they need not be UTF-8.
struct Process {
  int32_t pid = 0;
  int32_t parent_pid = -1;  // -1 if unknown.

  // The kernel's name of the task (comm); "" if unknown.
  std::string_view name;

  // The arguments, separated by single NULs. "" if there are none, as for
  // kernel threads and zombies. Truncated to 4 MiB. CommandLine() joins them as
  // ps(1) does.
  std::string_view arguments;

  // Name of the effective user, or its number if it has no name; "" if unknown.
  std::string_view user;

  ProcessState state = ProcessState::kUnknown;

  int64_t num_threads = -1;  // -1 if unknown.

  // Memory in bytes; -1 if unknown, 0 for processes without an address space
  // (kernel threads, zombies).
  int64_t resident_bytes = -1;
  int64_t peak_resident_bytes = -1;
  int64_t virtual_bytes = -1;

  // Bytes moved through the storage layer (`read_bytes` and `write_bytes` of
  // proc_pid_io(5)); -1 if unknown, as without permission.
  int64_t storage_read_bytes = -1;
  int64_t storage_written_bytes = -1;

  // The start time: in units of the system, which with the pid and the boot id
  // identify a process (-1 if unknown), and as a time (absl::InfinitePast() if
  // unknown). The unit is a clock tick since boot on Linux, 100 ns since 1601
  // on Windows, and a microsecond since 1970 on macOS.
  int64_t start_ticks = -1;
  absl::Time start_time = absl::InfinitePast();

  // Processor time of all its threads, in user and kernel mode; negative if
  // unknown.
  absl::Duration cpu_time = -absl::InfiniteDuration();

  // The session: on Linux the pid of its leader (setsid(2)), 0 for threads of
  // the kernel; on Windows that of Remote Desktop Services. -1 if unknown.
  int32_t session = -1;

  // From -20, which gets the most processor time, to 19; nullopt if unknown,
  // since all numbers near 0 are values.
  std::optional<int32_t> nice;

  // The control group, from the root of the hierarchy that the reader sees:
  // "/system.slice/nginx.service"; "" if unknown. That of cgroup v2 if it is
  // not the root, else that of systemd's hierarchy of v1, else the first other
  // one of v1 that is not the root. cgroup_names.h finds names in it.
  std::string_view cgroup;
};

// A query of the lister. The default lists every process with all its fields,
// by ascending pid. Fewer fields, a condition that few processes meet, and a
// small limit make a list cheaper.
struct ProcessQuery {
  // The fields to fill in, besides the pid.
  ProcessFields fields = ProcessFields::All();

  // If set, only these processes: in any order, repetitions allowed. Pids that
  // do not exist are left out. On Linux the cost does not depend on the number
  // of other processes; other systems always list all.
  std::optional<std::vector<int32_t>> pids;

  // If set, only processes for which this returns true, for the values that are
  // listed. It may read the pid and `condition_fields`; several threads call it
  // concurrently.
  std::function<bool(const Process&)> condition;
  ProcessFields condition_fields;

  // If set, the order: true if the first process goes before the second. It may
  // read the pid and `order_fields`. Equal processes go by ascending pid.
  std::function<bool(const Process&, const Process&)> order;
  ProcessFields order_fields;

  // The maximal number of processes: the first ones in order.
  size_t limit = std::numeric_limits<size_t>::max();
};

// The fields that decide which processes are listed, and in which order.
ProcessFields DecisiveFields(const ProcessQuery& query);

// The arguments joined with single spaces, as ps(1) shows them.
std::string CommandLine(const Process& process);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_H_
