// Offsets are numbers here, so that a wrong one in kernel_records.h shows on
// every system.

#include "platform/macos/kernel_records.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "platform/macos/fake_macos_system.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

using namespace std::string_view_literals;

std::string KinfoProc() {
  std::string bytes(648, '\xff');
  StoreLittleEndian(int64_t{1'700'000'000}, 0, bytes);
  StoreLittleEndian(int32_t{999'999}, 8, bytes);
  StoreLittleEndian(uint32_t{0x4004}, 32, bytes);
  bytes[36] = 2;
  StoreLittleEndian(int32_t{81'234}, 40, bytes);
  bytes.replace(243, 17, "WindowServer\0\0\0\0\0"sv);
  StoreLittleEndian(uint32_t{88}, 420, bytes);
  StoreLittleEndian(int32_t{1}, 560, bytes);
  return bytes;
}

TEST(KernelRecordsTest, ParsesKinfoProc) {
  const std::string bytes = KinfoProc();
  const std::optional<ProcessRecord> record = ParseProcessRecord(bytes);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->pid, 81'234);
  EXPECT_EQ(record->parent_pid, 1);
  EXPECT_EQ(record->effective_uid, 88u);
  EXPECT_EQ(record->start_microseconds, 1'700'000'000'999'999);
  EXPECT_EQ(record->status, ProcessStatus::kRunnable);
  EXPECT_FALSE(record->is_traced);
  EXPECT_EQ(record->name, "WindowServer");
}

TEST(KernelRecordsTest, KinfoProcOfAnotherSizeIsRefused) {
  const std::string bytes = KinfoProc();
  EXPECT_FALSE(ParseProcessRecord(bytes + '\0').has_value());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    ASSERT_FALSE(ParseProcessRecord(cut).has_value()) << size;
  }
}

TEST(KernelRecordsTest, ANegativePidIsRefused) {
  std::string bytes = KinfoProc();
  StoreLittleEndian(int32_t{-1}, 40, bytes);
  EXPECT_FALSE(ParseProcessRecord(bytes).has_value());
  StoreLittleEndian(int32_t{0}, 40, bytes);
  EXPECT_TRUE(ParseProcessRecord(bytes).has_value());
}

TEST(KernelRecordsTest, ANameMayLackItsNul) {
  std::string bytes = KinfoProc();
  bytes.replace(243, 17, "seventeen bytes..");
  EXPECT_EQ(ParseProcessRecord(bytes)->name, "seventeen bytes..");
  bytes[243] = '\0';
  EXPECT_EQ(ParseProcessRecord(bytes)->name, "");
}

TEST(KernelRecordsTest, ImpossibleStartTimesAreUnknown) {
  std::string bytes = KinfoProc();
  const auto start = [&bytes](int64_t seconds, int32_t microseconds) {
    StoreLittleEndian(seconds, 0, bytes);
    StoreLittleEndian(microseconds, 8, bytes);
    return ParseProcessRecord(bytes)->start_microseconds;
  };
  EXPECT_EQ(start(0, 0), -1);
  EXPECT_EQ(start(0, 1), 1);
  EXPECT_EQ(start(1, 0), 1'000'000);
  EXPECT_EQ(start(-1, 0), -1);
  EXPECT_EQ(start(1, -1), -1);
  EXPECT_EQ(start(1, 1'000'000), -1);
  EXPECT_EQ(start(std::numeric_limits<int64_t>::max(), 0), -1);
  EXPECT_EQ(start(std::numeric_limits<int64_t>::min(), 0), -1);
}

std::string TaskAllInfo() {
  std::string bytes(232, '\xff');
  StoreLittleEndian(int32_t{4321}, 12, bytes);
  StoreLittleEndian(int64_t{1'700'000'000}, 120, bytes);
  StoreLittleEndian(int64_t{7}, 128, bytes);
  StoreLittleEndian(uint64_t{0x6123456789}, 136, bytes);
  StoreLittleEndian(uint64_t{0x123456000}, 144, bytes);
  StoreLittleEndian(uint64_t{1'000'001}, 152, bytes);
  StoreLittleEndian(uint64_t{2'000'002}, 160, bytes);
  StoreLittleEndian(int32_t{42}, 220, bytes);
  StoreLittleEndian(int32_t{3}, 224, bytes);
  return bytes;
}

TEST(KernelRecordsTest, ParsesTaskAllInfo) {
  const std::optional<TaskInfo> task = ParseTaskInfo(TaskAllInfo());
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->pid, 4321);
  EXPECT_EQ(task->start_microseconds, 1'700'000'000'000'007);
  EXPECT_EQ(task->virtual_bytes, 0x6123456789);
  EXPECT_EQ(task->resident_bytes, 0x123456000);
  EXPECT_EQ(task->user_time, 1'000'001u);
  EXPECT_EQ(task->system_time, 2'000'002u);
  EXPECT_EQ(task->num_threads, 42);
  EXPECT_EQ(task->num_running, 3);
}

TEST(KernelRecordsTest, ImpossibleNumbersOfATaskAreUnknown) {
  std::string bytes = TaskAllInfo();
  StoreLittleEndian(uint64_t{1} << 63, 136, bytes);
  StoreLittleEndian((uint64_t{1} << 63) - 1, 144, bytes);
  StoreLittleEndian(int32_t{-5}, 220, bytes);
  StoreLittleEndian(int32_t{-5}, 224, bytes);
  const std::optional<TaskInfo> task = ParseTaskInfo(bytes);
  EXPECT_EQ(task->virtual_bytes, -1);
  EXPECT_EQ(task->resident_bytes, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(task->num_threads, -1);
  EXPECT_EQ(task->num_running, -1);
}

TEST(KernelRecordsTest, ParsesRusageInfo) {
  std::string bytes(296, '\xff');
  StoreLittleEndian(uint64_t{10}, 144, bytes);
  StoreLittleEndian(uint64_t{20}, 152, bytes);
  StoreLittleEndian(uint64_t{30}, 240, bytes);
  const std::optional<ResourceUsage> usage = ParseResourceUsage(bytes);
  ASSERT_TRUE(usage.has_value());
  EXPECT_EQ(usage->read_bytes, 10);
  EXPECT_EQ(usage->written_bytes, 20);
  EXPECT_EQ(usage->peak_footprint_bytes, 30);
}

TEST(KernelRecordsTest, ShortStructuresAreRefused) {
  for (size_t size = 0; size < 232; ++size) {
    const std::string cut(size, '\0');
    ASSERT_FALSE(ParseTaskInfo(cut).has_value()) << size;
  }
  EXPECT_TRUE(ParseTaskInfo(std::string(232, '\0')).has_value());
  for (size_t size = 0; size < 296; ++size) {
    const std::string cut(size, '\0');
    ASSERT_FALSE(ParseResourceUsage(cut).has_value()) << size;
  }
  // A newer system may return more.
  EXPECT_TRUE(ParseResourceUsage(std::string(400, '\0')).has_value());
}

TEST(KernelRecordsTest, States) {
  const auto state = [](ProcessStatus status, int64_t num_running,
                        bool is_traced = false) {
    return StateOf({.status = status, .is_traced = is_traced}, num_running);
  };
  EXPECT_EQ(state(ProcessStatus::kRunnable, 1), ProcessState::kRunning);
  EXPECT_EQ(state(ProcessStatus::kRunnable, 0), ProcessState::kSleeping);
  EXPECT_EQ(state(ProcessStatus::kRunnable, -1), ProcessState::kUnknown);
  EXPECT_EQ(state(ProcessStatus::kRunnable, 0, true), ProcessState::kSleeping);
  EXPECT_EQ(state(ProcessStatus::kSleeping, -1), ProcessState::kSleeping);
  EXPECT_EQ(state(ProcessStatus::kStopped, -1), ProcessState::kStopped);
  EXPECT_EQ(state(ProcessStatus::kStopped, 1), ProcessState::kStopped);
  EXPECT_EQ(state(ProcessStatus::kStopped, -1, true),
            ProcessState::kTracingStop);
  EXPECT_EQ(state(ProcessStatus::kZombie, -1), ProcessState::kZombie);
  EXPECT_EQ(state(ProcessStatus::kBeingCreated, 1), ProcessState::kUnknown);
  EXPECT_EQ(state(ProcessStatus{0}, 1), ProcessState::kUnknown);
  EXPECT_EQ(state(ProcessStatus{77}, 1), ProcessState::kUnknown);
}

TEST(KernelRecordsTest, ReadsTheTracedFlag) {
  std::string bytes = KinfoProc();
  StoreLittleEndian(uint32_t{0x4804}, 32, bytes);
  EXPECT_TRUE(ParseProcessRecord(bytes)->is_traced);
}

TEST(KernelRecordsTest, ProcessorTimeHasTheUnitOfTheTimebase) {
  const Timebase intel = {.numerator = 1, .denominator = 1};
  const Timebase apple_silicon = {.numerator = 125, .denominator = 3};
  EXPECT_EQ(ProcessorTime(1'500'000'000, 7, intel),
            absl::Seconds(1.5) + absl::Nanoseconds(7));
  // 24 MHz.
  EXPECT_EQ(ProcessorTime(24'000'000, 0, apple_silicon), absl::Seconds(1));
  EXPECT_EQ(ProcessorTime(1, 1, apple_silicon), absl::Nanoseconds(83));
  // The product with 125 is over 64 bits: 250 years.
  constexpr int64_t kSeconds = int64_t{250} * 365 * 86'400;
  EXPECT_EQ(ProcessorTime(uint64_t{24'000'000} * kSeconds, 0, apple_silicon),
            absl::Seconds(kSeconds));
}

TEST(KernelRecordsTest, ImpossibleProcessorTimesAreUnknown) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const absl::Duration unknown = -absl::InfiniteDuration();
  EXPECT_EQ(ProcessorTime(kMax, kMax, {1, 1}), unknown);
  EXPECT_EQ(ProcessorTime(kMax, kMax, {0xffffffff, 1}), unknown);
  EXPECT_EQ(ProcessorTime(kMax >> 1, 0, {1, 1}),
            absl::Nanoseconds(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(ProcessorTime((kMax >> 1) + 1, 0, {1, 1}), unknown);
  EXPECT_EQ(ProcessorTime(1, 1, {0, 0}), unknown);
  EXPECT_EQ(ProcessorTime(1, 1, {1, 0}), unknown);
  EXPECT_EQ(ProcessorTime(1, 1, {0, 1}), unknown);
}

}  // namespace
}  // namespace tallyman::platform
