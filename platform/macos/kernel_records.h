// The structures that macOS returns about processes, as offsets into bytes, and
// their parsers. libproc_system.cc compares every offset with Apple's headers
// at compile time. The layout is the same on arm64 and x86-64; both are
// little-endian. The parsers allocate nothing and accept any bytes.
//
// Names of fields are those of the headers: sys/sysctl.h and sys/proc.h
// (kinfo_proc), sys/proc_info.h (proc_taskallinfo), sys/resource.h
// (rusage_info_v4).

#ifndef TALLYMAN_PLATFORM_MACOS_KERNEL_RECORDS_H_
#define TALLYMAN_PLATFORM_MACOS_KERNEL_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "platform/macos/macos_system.h"
#include "platform/process.h"

namespace tallyman::platform {

// An integer of a structure has the size of the type that its parser loads. The
// comments name the member.

// struct kinfo_proc: kp_proc is a struct extern_proc, kp_eproc a struct eproc.
struct KinfoProcLayout {
  static constexpr size_t kSize = 648;
  // kp_proc.p_starttime, a struct timeval: int64 seconds and int32 microseconds
  // since 1970.
  static constexpr size_t kStartSeconds = 0;
  static constexpr size_t kStartMicroseconds = 8;
  static constexpr size_t kFlags = 32;          // kp_proc.p_flag
  static constexpr size_t kStatus = 36;         // kp_proc.p_stat
  static constexpr size_t kPid = 40;            // kp_proc.p_pid
  static constexpr size_t kNice = 242;          // kp_proc.p_nice
  static constexpr size_t kName = 243;          // kp_proc.p_comm
  static constexpr size_t kNameSize = 17;       // MAXCOMLEN + 1
  static constexpr size_t kEffectiveUid = 420;  // kp_eproc.e_ucred.cr_uid
  static constexpr size_t kParentPid = 560;     // kp_eproc.e_ppid
};

// struct proc_taskallinfo: pbsd is a struct proc_bsdinfo, ptinfo a struct
// proc_taskinfo.
struct TaskAllInfoLayout {
  static constexpr size_t kSize = 232;
  static constexpr size_t kPid = 12;                 // pbsd.pbi_pid
  static constexpr size_t kStartSeconds = 120;       // pbsd.pbi_start_tvsec
  static constexpr size_t kStartMicroseconds = 128;  // pbsd.pbi_start_tvusec
  static constexpr size_t kVirtualBytes = 136;       // ptinfo.pti_virtual_size
  static constexpr size_t kResidentBytes = 144;      // ptinfo.pti_resident_size
  static constexpr size_t kUserTime = 152;           // ptinfo.pti_total_user
  static constexpr size_t kSystemTime = 160;         // ptinfo.pti_total_system
  static constexpr size_t kNumThreads = 220;         // ptinfo.pti_threadnum
  static constexpr size_t kNumRunning = 224;         // ptinfo.pti_numrunning
};

// struct rusage_info_v4, which macOS 11 has.
struct RusageInfoLayout {
  static constexpr size_t kSize = 296;
  static constexpr size_t kReadBytes = 144;     // ri_diskio_bytesread
  static constexpr size_t kWrittenBytes = 152;  // ri_diskio_byteswritten
  // ri_lifetime_max_phys_footprint
  static constexpr size_t kPeakFootprint = 240;
};

// The values of p_stat, from sys/proc.h.
enum class ProcessStatus : uint8_t {
  kBeingCreated = 1,  // SIDL
  kRunnable = 2,      // SRUN
  kSleeping = 3,      // SSLEEP
  kStopped = 4,       // SSTOP
  kZombie = 5,        // SZOMB
};

// The bit of p_flag for a process with a debugger: P_TRACED of sys/proc.h.
inline constexpr uint32_t kTracedFlag = 0x800;

// One process of the process table. The system shows all of this of every
// process to every user.
struct ProcessRecord {
  int32_t pid = -1;
  int32_t parent_pid = -1;
  uint32_t effective_uid = 0;
  // Microseconds since 1970; -1 if the system has none (0) or an impossible
  // one.
  int64_t start_microseconds = -1;
  ProcessStatus status =
      ProcessStatus::kBeingCreated;  // May be another number.
  bool is_traced = false;
  int8_t nice = 0;        // From -20 to 20.
  std::string_view name;  // Points into the parsed bytes; at most 17 bytes.
};

// nullopt if `record` has another size than a kinfo_proc, or a negative pid.
std::optional<ProcessRecord> ParseProcessRecord(std::string_view record);

// The numbers of a process's task.
struct TaskInfo {
  int32_t pid = -1;
  int64_t start_microseconds = -1;  // As in ProcessRecord.
  int64_t virtual_bytes = -1;       // -1 if over 2^63 - 1.
  int64_t resident_bytes = -1;      // The same.
  // Of living and ended threads, in units of Mach absolute time, which are
  // nanoseconds on Intel only.
  uint64_t user_time = 0;
  uint64_t system_time = 0;
  int64_t num_threads = -1;
  int64_t num_running = -1;  // Threads that run or wait for a processor.
};

// nullopt if `bytes` are fewer than a proc_taskallinfo.
std::optional<TaskInfo> ParseTaskInfo(std::string_view bytes);

struct ResourceUsage {
  // Bytes moved between the process and storage; -1 if over 2^63 - 1.
  int64_t read_bytes = -1;
  int64_t written_bytes = -1;
  // The largest physical footprint so far, in bytes. The footprint is not the
  // resident size: compressed and swapped-out pages count, and shared pages and
  // clean pages of files do not. So it may be below the resident size.
  int64_t peak_footprint_bytes = -1;
};

// nullopt if `bytes` are fewer than a rusage_info_v4.
std::optional<ResourceUsage> ParseResourceUsage(std::string_view bytes);

// The state of a process. p_stat says SRUN for every process that is neither
// stopped nor a zombie, whether it runs or sleeps, so `num_running` of the task
// decides: kRunning if a thread runs or waits for a processor, and kSleeping if
// none does. Without it (negative) the state is kUnknown.
//
// The system says nothing of uninterruptible sleep: kDiskSleep never occurs. A
// process that a debugger stopped is kTracingStop. The system leaves processes
// that fork(2) is creating (SIDL) out of its table; ProcessState has no name
// for them: kUnknown.
ProcessState StateOf(const ProcessRecord& record, int64_t num_running);

// True if StateOf() needs `num_running`.
bool NeedsTaskForState(const ProcessRecord& record);

// `ticks` of Mach absolute time as a duration, rounded down to nanoseconds.
// -absl::InfiniteDuration() (unknown) if `timebase` has a zero or the result is
// over 2^63 - 1 ns (292 years).
absl::Duration ProcessorTime(uint64_t user_ticks, uint64_t system_ticks,
                             Timebase timebase);

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_KERNEL_RECORDS_H_
