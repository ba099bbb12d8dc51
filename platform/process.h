// A process as the operating system reports it.
//
// These are plain values: nothing here reads the system (see process_lister.h)
// and nothing here knows of HTTP or JSON. Units are in the names, and what is
// unknown has a value that cannot be mistaken for a measurement (-1, "" or
// kUnknown), never 0.

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

// What the scheduler says of a process; the names follow proc_pid_status(5).
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

// The inverse; nullopt for a name that no state has ("" included).
std::optional<ProcessState> ParseProcessState(std::string_view name);

// The fields of a Process, to ask for only some of them. A field that is not
// asked for may be unset, and what only it needs is then not read.
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
    all.bits_ = (1u << 12) - 1;
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
  constexpr bool empty() const { return bits_ == 0; }
  // True if this set and `other` have a field in common.
  constexpr bool Intersects(ProcessFields other) const {
    return (bits_ & other.bits_) != 0;
  }
  constexpr bool operator==(const ProcessFields&) const = default;

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

  // The argument vector: the arguments, with one NUL between two of them and
  // none at the end. "" where there are none: kernel threads and zombies. Cut
  // after 4 MiB.
  // CommandLine() joins them as ps(1) does.
  std::string_view arguments;

  // Name of the effective owner; its number where it has no name; "" if
  // unknown.
  std::string_view user;

  ProcessState state = ProcessState::kUnknown;

  int64_t num_threads = -1;  // -1 if unknown.

  // Memory in bytes; -1 if unknown, 0 for what has no address space (kernel
  // threads, zombies).
  int64_t resident_bytes = -1;
  int64_t peak_resident_bytes = -1;
  int64_t virtual_bytes = -1;

  // Bytes moved through the storage layer (`read_bytes` and `write_bytes` of
  // proc_pid_io(5)); -1 where the kernel does not let the caller see them.
  int64_t storage_read_bytes = -1;
  int64_t storage_written_bytes = -1;

  // When it started: ticks of the system's clock since boot, which with the
  // pid and the boot id identify a process (-1 if unknown), and as a time
  // (absl::InfinitePast() if unknown).
  int64_t start_ticks = -1;
  absl::Time start_time = absl::InfinitePast();

  // Time on a processor, in user and kernel mode, of all its threads; negative
  // if unknown.
  absl::Duration cpu_time = -absl::InfiniteDuration();
};

// What to list. The default is every process with all its fields, by ascending
// pid. What is not asked for is not read: few fields, a condition that few
// processes meet, or a small limit make a list cheaper.
struct ProcessQuery {
  // The fields to fill in. The pid always is.
  ProcessFields fields = ProcessFields::All();

  // Only these processes, if set; in any order, repetitions allowed. What
  // does not exist is left out. The cost does not depend on how many other
  // processes there are.
  std::optional<std::vector<int32_t>> pids;

  // Only processes that meet this, if set. It may look at the pid and at
  // `condition_fields`, holds for what is listed, and is called from several
  // threads at once.
  std::function<bool(const Process&)> condition;
  ProcessFields condition_fields;

  // The order, if set: whether the first of two goes before the second, by the
  // pid and `order_fields`. Equal ones go by ascending pid.
  std::function<bool(const Process&, const Process&)> order;
  ProcessFields order_fields;

  // At most so many: the first ones.
  size_t limit = std::numeric_limits<size_t>::max();
};

// The arguments joined with one space, as `ps` shows them.
std::string CommandLine(const Process& process);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_PROCESS_H_
