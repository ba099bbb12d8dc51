// The only file of this folder with Apple's headers. Its assertions compare the
// layouts of kernel_records.h with them.

#include "platform/macos/libproc_system.h"

#include <libproc.h>
#include <mach/mach_time.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/syslimits.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/system_user_name.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"

namespace tallyman::platform {
namespace {

// The offset and the size of a member of a structure.
#define TALLYMAN_ASSERT_MEMBER(type, member, offset, size)         \
  static_assert(offsetof(type, member) == (offset) &&              \
                    sizeof(std::declval<type>().member) == (size), \
                #type "." #member)

static_assert(sizeof(kinfo_proc) == KinfoProcLayout::kSize);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_un.__p_starttime.tv_sec,
                       KinfoProcLayout::kStartSeconds, 8);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_un.__p_starttime.tv_usec,
                       KinfoProcLayout::kStartMicroseconds, 4);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_flag, KinfoProcLayout::kFlags, 4);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_stat, KinfoProcLayout::kStatus, 1);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_pid, KinfoProcLayout::kPid, 4);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_nice, KinfoProcLayout::kNice, 1);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_proc.p_comm, KinfoProcLayout::kName,
                       KinfoProcLayout::kNameSize);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_eproc.e_ucred.cr_uid,
                       KinfoProcLayout::kEffectiveUid, 4);
TALLYMAN_ASSERT_MEMBER(kinfo_proc, kp_eproc.e_ppid, KinfoProcLayout::kParentPid,
                       4);

static_assert(sizeof(proc_taskallinfo) == TaskAllInfoLayout::kSize);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, pbsd.pbi_pid, TaskAllInfoLayout::kPid,
                       4);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, pbsd.pbi_start_tvsec,
                       TaskAllInfoLayout::kStartSeconds, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, pbsd.pbi_start_tvusec,
                       TaskAllInfoLayout::kStartMicroseconds, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_virtual_size,
                       TaskAllInfoLayout::kVirtualBytes, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_resident_size,
                       TaskAllInfoLayout::kResidentBytes, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_total_user,
                       TaskAllInfoLayout::kUserTime, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_total_system,
                       TaskAllInfoLayout::kSystemTime, 8);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_threadnum,
                       TaskAllInfoLayout::kNumThreads, 4);
TALLYMAN_ASSERT_MEMBER(proc_taskallinfo, ptinfo.pti_numrunning,
                       TaskAllInfoLayout::kNumRunning, 4);

static_assert(sizeof(rusage_info_v4) == RusageInfoLayout::kSize);
TALLYMAN_ASSERT_MEMBER(rusage_info_v4, ri_diskio_bytesread,
                       RusageInfoLayout::kReadBytes, 8);
TALLYMAN_ASSERT_MEMBER(rusage_info_v4, ri_diskio_byteswritten,
                       RusageInfoLayout::kWrittenBytes, 8);
TALLYMAN_ASSERT_MEMBER(rusage_info_v4, ri_lifetime_max_phys_footprint,
                       RusageInfoLayout::kPeakFootprint, 8);

#undef TALLYMAN_ASSERT_MEMBER

static_assert(SIDL == static_cast<int>(ProcessStatus::kBeingCreated));
static_assert(SRUN == static_cast<int>(ProcessStatus::kRunnable));
static_assert(SSLEEP == static_cast<int>(ProcessStatus::kSleeping));
static_assert(SSTOP == static_cast<int>(ProcessStatus::kStopped));
static_assert(SZOMB == static_cast<int>(ProcessStatus::kZombie));
static_assert(P_TRACED == kTracedFlag);
static_assert(ARG_MAX == MacosSystem::kArgumentsBufferBytes);

// The outcome of a call that failed and set errno.
CallResult Failure(int error) {
  return {.outcome =
              error == ESRCH ? CallOutcome::kEnded : CallOutcome::kRefused};
}

Timebase ReadTimebase() {
  // Rosetta tells an Intel program the unit 1/1, but libproc counts in that of
  // Apple silicon (Apple's report FB9546856). sysctlbyname(3) has the flag.
  int is_translated = 0;
  size_t size = sizeof(is_translated);
  if (sysctlbyname("sysctl.proc_translated", &is_translated, &size, nullptr,
                   0) == 0 &&
      is_translated == 1) {
    return {.numerator = 125, .denominator = 3};
  }
  mach_timebase_info_data_t info = {};
  // ProcessorTime() takes 0/0 for unknown.
  if (mach_timebase_info(&info) != KERN_SUCCESS) {
    return {.numerator = 0, .denominator = 0};
  }
  return {.numerator = info.numer, .denominator = info.denom};
}

class LibprocSystem : public MacosSystem {
 public:
  absl::StatusOr<size_t> ReadProcessTable(
      absl::Span<char> buffer) const override {
    std::array<int, 4> name = {CTL_KERN, KERN_PROC, KERN_PROC_ALL, 0};
    size_t size = buffer.size();
    if (sysctl(name.data(), name.size(), buffer.data(), &size, nullptr, 0) ==
        0) {
      return size;
    }
    const int error = errno;
    if (error == ENOMEM) {
      return absl::ResourceExhaustedError("sysctl KERN_PROC_ALL: ENOMEM");
    }
    return absl::ErrnoToStatus(error, "sysctl KERN_PROC_ALL");
  }

  CallResult ReadTaskInfo(int32_t pid, absl::Span<char> buffer) const override {
    errno = 0;
    const int size = proc_pidinfo(pid, PROC_PIDTASKALLINFO, 0, buffer.data(),
                                  static_cast<int>(buffer.size()));
    if (size <= 0) return Failure(errno);
    return {.outcome = CallOutcome::kOk, .size = static_cast<size_t>(size)};
  }

  CallResult ReadResourceUsage(int32_t pid,
                               absl::Span<char> buffer) const override {
    // The call takes no size.
    if (buffer.size() < sizeof(rusage_info_v4)) return Failure(EINVAL);
    if (proc_pid_rusage(pid, RUSAGE_INFO_V4,
                        reinterpret_cast<rusage_info_t*>(buffer.data())) != 0) {
      return Failure(errno);
    }
    return {.outcome = CallOutcome::kOk, .size = sizeof(rusage_info_v4)};
  }

  CallResult ReadArguments(int32_t pid,
                           absl::Span<char> buffer) const override {
    std::array<int, 3> name = {CTL_KERN, KERN_PROCARGS2, pid};
    size_t size = buffer.size();
    if (sysctl(name.data(), name.size(), buffer.data(), &size, nullptr, 0) !=
        0) {
      return Failure(errno);
    }
    return {.outcome = CallOutcome::kOk, .size = size};
  }

  std::string UserName(uint32_t uid) const override {
    return base::SystemUserName(uid);
  }

  Timebase timebase() const override { return timebase_; }

 private:
  const Timebase timebase_ = ReadTimebase();
};

}  // namespace

std::unique_ptr<MacosSystem> MakeLibprocSystem() {
  return std::make_unique<LibprocSystem>();
}

}  // namespace tallyman::platform
