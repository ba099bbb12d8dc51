#include "platform/macos/kernel_records.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "platform/little_endian.h"
#include "platform/macos/macos_system.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

constexpr int64_t kMicrosecondsPerSecond = 1'000'000;

// -1 for a number that the field cannot hold.
int64_t ToSigned(uint64_t value) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  return value <= kMax ? static_cast<int64_t>(value) : -1;
}

// -1 for a negative number.
int64_t ToCount(int32_t value) { return value >= 0 ? value : -1; }

// -1 for 0, which is no start time, and for impossible times.
int64_t StartMicroseconds(int64_t seconds, int64_t microseconds) {
  // 30,000 years: microseconds since 1970 stay far from overflow.
  constexpr int64_t kMaxSeconds = int64_t{1} << 40;
  if (seconds < 0 || seconds > kMaxSeconds || microseconds < 0 ||
      microseconds >= kMicrosecondsPerSecond) {
    return -1;
  }
  const int64_t start = seconds * kMicrosecondsPerSecond + microseconds;
  return start == 0 ? -1 : start;
}

}  // namespace

std::optional<ProcessRecord> ParseProcessRecord(std::string_view record) {
  using Layout = KinfoProcLayout;
  if (record.size() != Layout::kSize) return std::nullopt;
  const auto pid = LoadLittleEndian<int32_t>(record, Layout::kPid);
  if (pid < 0) return std::nullopt;
  const std::string_view name = record.substr(Layout::kName, Layout::kNameSize);
  const auto flags = LoadLittleEndian<uint32_t>(record, Layout::kFlags);
  return ProcessRecord{
      .pid = pid,
      .parent_pid = LoadLittleEndian<int32_t>(record, Layout::kParentPid),
      .effective_uid =
          LoadLittleEndian<uint32_t>(record, Layout::kEffectiveUid),
      .start_microseconds = StartMicroseconds(
          LoadLittleEndian<int64_t>(record, Layout::kStartSeconds),
          LoadLittleEndian<int32_t>(record, Layout::kStartMicroseconds)),
      .status =
          ProcessStatus{LoadLittleEndian<uint8_t>(record, Layout::kStatus)},
      .is_traced = (flags & kTracedFlag) != 0,
      .nice = LoadLittleEndian<int8_t>(record, Layout::kNice),
      .name = name.substr(0, name.find('\0'))};
}

std::optional<TaskInfo> ParseTaskInfo(std::string_view bytes) {
  using Layout = TaskAllInfoLayout;
  if (bytes.size() < Layout::kSize) return std::nullopt;
  return TaskInfo{
      .pid = LoadLittleEndian<int32_t>(bytes, Layout::kPid),
      .start_microseconds = StartMicroseconds(
          LoadLittleEndian<int64_t>(bytes, Layout::kStartSeconds),
          LoadLittleEndian<int64_t>(bytes, Layout::kStartMicroseconds)),
      .virtual_bytes =
          ToSigned(LoadLittleEndian<uint64_t>(bytes, Layout::kVirtualBytes)),
      .resident_bytes =
          ToSigned(LoadLittleEndian<uint64_t>(bytes, Layout::kResidentBytes)),
      .user_time = LoadLittleEndian<uint64_t>(bytes, Layout::kUserTime),
      .system_time = LoadLittleEndian<uint64_t>(bytes, Layout::kSystemTime),
      .num_threads =
          ToCount(LoadLittleEndian<int32_t>(bytes, Layout::kNumThreads)),
      .num_running =
          ToCount(LoadLittleEndian<int32_t>(bytes, Layout::kNumRunning))};
}

std::optional<ResourceUsage> ParseResourceUsage(std::string_view bytes) {
  using Layout = RusageInfoLayout;
  if (bytes.size() < Layout::kSize) return std::nullopt;
  return ResourceUsage{
      .read_bytes =
          ToSigned(LoadLittleEndian<uint64_t>(bytes, Layout::kReadBytes)),
      .written_bytes =
          ToSigned(LoadLittleEndian<uint64_t>(bytes, Layout::kWrittenBytes)),
      .peak_footprint_bytes =
          ToSigned(LoadLittleEndian<uint64_t>(bytes, Layout::kPeakFootprint))};
}

ProcessState StateOf(const ProcessRecord& record, int64_t num_running) {
  switch (record.status) {
    case ProcessStatus::kRunnable:
      if (num_running < 0) return ProcessState::kUnknown;
      return num_running > 0 ? ProcessState::kRunning : ProcessState::kSleeping;
    case ProcessStatus::kSleeping:
      return ProcessState::kSleeping;
    case ProcessStatus::kStopped:
      return record.is_traced ? ProcessState::kTracingStop
                              : ProcessState::kStopped;
    case ProcessStatus::kZombie:
      return ProcessState::kZombie;
    case ProcessStatus::kBeingCreated:
      break;
  }
  return ProcessState::kUnknown;
}

bool NeedsTaskForState(const ProcessRecord& record) {
  return record.status == ProcessStatus::kRunnable;
}

absl::Duration ProcessorTime(uint64_t user_ticks, uint64_t system_ticks,
                             Timebase timebase) {
  if (timebase.numerator == 0 || timebase.denominator == 0) {
    return -absl::InfiniteDuration();
  }
  const absl::uint128 ticks =
      absl::uint128(user_ticks) + absl::uint128(system_ticks);
  const absl::uint128 nanoseconds =
      ticks * timebase.numerator / timebase.denominator;
  if (nanoseconds > std::numeric_limits<int64_t>::max()) {
    return -absl::InfiniteDuration();
  }
  return absl::Nanoseconds(static_cast<int64_t>(nanoseconds));
}

}  // namespace tallyman::platform
