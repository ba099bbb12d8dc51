// A macOS machine for tests: its processes are values, and it returns them as
// bytes in the kernel's layout.

#ifndef TALLYMAN_PLATFORM_MACOS_FAKE_MACOS_SYSTEM_H_
#define TALLYMAN_PLATFORM_MACOS_FAKE_MACOS_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"

namespace tallyman::platform {

// Writes the bytes of an integer at `offset`.
template <typename T>
void StoreLittleEndian(T value, size_t offset, std::string& bytes) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes[offset + i] =
        static_cast<char>(static_cast<uint64_t>(value) >> 8 * i);
  }
}

// The start time of fake processes, in microseconds since 1970.
inline constexpr int64_t kFakeStart = 1'700'000'000'123'456;

// An entry of the process table, and the answers of the other calls.
struct FakeProcess {
  int32_t pid = 0;
  int32_t parent_pid = 1;
  std::string name = "fake";
  uint32_t uid = 501;
  int64_t start_microseconds = kFakeStart;
  ProcessStatus status = ProcessStatus::kRunnable;
  bool is_traced = false;
  int8_t nice = -5;

  CallOutcome task_outcome = CallOutcome::kOk;
  // Those of the process that has the pid by the time of the call.
  std::optional<int64_t> task_start_microseconds;
  std::optional<int32_t> task_pid;
  uint64_t virtual_bytes = uint64_t{400} << 30;
  uint64_t resident_bytes = 12'345'678;
  uint64_t user_ticks = 24'000'000;
  uint64_t system_ticks = 12'000'000;
  int32_t num_threads = 7;
  int32_t num_running = 0;

  CallOutcome usage_outcome = CallOutcome::kOk;
  uint64_t read_bytes = 111;
  uint64_t written_bytes = 222;
  uint64_t peak_footprint_bytes = 23'456'789;

  CallOutcome arguments_outcome = CallOutcome::kOk;
  std::string arguments_block;  // See ArgumentsBlock().
};

// A block of KERN_PROCARGS2: the number, the path with its padding, and
// `strings` as they are.
std::string ArgumentsBlock(int32_t count, std::string_view path,
                           std::string_view strings);

std::string KinfoProcBytes(const FakeProcess& process);
std::string TaskAllInfoBytes(const FakeProcess& process);
std::string RusageInfoBytes(const FakeProcess& process);

// Thread-safe, except for the set-up before the first call.
class FakeMacosSystem : public MacosSystem {
 public:
  // Processes in the order of the table.
  void Add(FakeProcess process);
  FakeProcess& At(int32_t pid);

  // As many processes as `count` start before each reading of the table, with
  // the pids after the largest one.
  void StartAtEachReading(size_t count) { num_to_start_ = count; }
  void FailTable(absl::Status status) { table_error_ = std::move(status); }
  // Returned in place of the processes.
  void SetTable(std::string bytes) { table_ = std::move(bytes); }
  void SetTimebase(Timebase timebase) { timebase_ = timebase; }
  void SetUserName(uint32_t uid, std::string name) {
    user_names_[uid] = std::move(name);
  }

  // The calls so far, such as "table", "arguments 5", "usage 5", "task 5".
  std::vector<std::string> calls() const;
  int64_t num_calls() const;
  // The uids of the calls of UserName().
  std::vector<uint32_t> looked_up() const;
  // The sizes of the buffers for the table.
  std::vector<size_t> table_buffers() const;

  absl::StatusOr<size_t> ReadProcessTable(
      absl::Span<char> buffer) const override;
  CallResult ReadTaskInfo(int32_t pid, absl::Span<char> buffer) const override;
  CallResult ReadResourceUsage(int32_t pid,
                               absl::Span<char> buffer) const override;
  CallResult ReadArguments(int32_t pid, absl::Span<char> buffer) const override;
  std::string UserName(uint32_t uid) const override;
  Timebase timebase() const override { return timebase_; }

 private:
  using Bytes = std::string (*)(const FakeProcess&);

  CallResult Call(std::string_view name, int32_t pid,
                  CallOutcome FakeProcess::*outcome, Bytes bytes,
                  absl::Span<char> buffer) const;

  absl::Status table_error_;
  std::optional<std::string> table_;
  Timebase timebase_;
  std::map<uint32_t, std::string> user_names_;
  size_t num_to_start_ = 0;

  mutable absl::Mutex mutex_;
  mutable std::vector<FakeProcess> processes_ ABSL_GUARDED_BY(mutex_);
  mutable std::map<int32_t, size_t> index_ ABSL_GUARDED_BY(mutex_);
  mutable std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  mutable std::vector<uint32_t> looked_up_ ABSL_GUARDED_BY(mutex_);
  mutable std::vector<size_t> table_buffers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_FAKE_MACOS_SYSTEM_H_
