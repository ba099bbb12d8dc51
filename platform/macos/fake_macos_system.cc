#include "platform/macos/fake_macos_system.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"

namespace tallyman::platform {
namespace {

constexpr int64_t kMicrosecondsPerSecond = 1'000'000;

// What the system leaves in the bytes that no test sets.
constexpr char kNoise = '\x5a';

}  // namespace

std::string ArgumentsBlock(int32_t count, std::string_view path,
                           std::string_view strings) {
  std::string block(sizeof(count), '\0');
  StoreLittleEndian(count, 0, block);
  block.append(path);
  do {
    block.push_back('\0');
  } while ((block.size() - sizeof(count)) % 8 != 0);
  block.append(strings);
  return block;
}

std::string KinfoProcBytes(const FakeProcess& process) {
  using Layout = KinfoProcLayout;
  std::string bytes(Layout::kSize, kNoise);
  const int64_t start = process.start_microseconds;
  StoreLittleEndian(start / kMicrosecondsPerSecond, Layout::kStartSeconds,
                    bytes);
  StoreLittleEndian(static_cast<int32_t>(start % kMicrosecondsPerSecond),
                    Layout::kStartMicroseconds, bytes);
  StoreLittleEndian(process.is_traced ? ~uint32_t{0} : ~kTracedFlag,
                    Layout::kFlags, bytes);
  StoreLittleEndian(static_cast<uint8_t>(process.status), Layout::kStatus,
                    bytes);
  StoreLittleEndian(process.pid, Layout::kPid, bytes);
  StoreLittleEndian(process.nice, Layout::kNice, bytes);
  StoreLittleEndian(process.uid, Layout::kEffectiveUid, bytes);
  StoreLittleEndian(process.parent_pid, Layout::kParentPid, bytes);
  std::string name = process.name.substr(0, Layout::kNameSize);
  if (name.size() < Layout::kNameSize) name.push_back('\0');
  bytes.replace(Layout::kName, name.size(), name);
  return bytes;
}

std::string TaskAllInfoBytes(const FakeProcess& process) {
  using Layout = TaskAllInfoLayout;
  std::string bytes(Layout::kSize, kNoise);
  const int64_t start =
      process.task_start_microseconds.value_or(process.start_microseconds);
  StoreLittleEndian(process.task_pid.value_or(process.pid), Layout::kPid,
                    bytes);
  StoreLittleEndian(start / kMicrosecondsPerSecond, Layout::kStartSeconds,
                    bytes);
  StoreLittleEndian(start % kMicrosecondsPerSecond, Layout::kStartMicroseconds,
                    bytes);
  StoreLittleEndian(process.virtual_bytes, Layout::kVirtualBytes, bytes);
  StoreLittleEndian(process.resident_bytes, Layout::kResidentBytes, bytes);
  StoreLittleEndian(process.user_ticks, Layout::kUserTime, bytes);
  StoreLittleEndian(process.system_ticks, Layout::kSystemTime, bytes);
  StoreLittleEndian(process.num_threads, Layout::kNumThreads, bytes);
  StoreLittleEndian(process.num_running, Layout::kNumRunning, bytes);
  return bytes;
}

std::string RusageInfoBytes(const FakeProcess& process) {
  using Layout = RusageInfoLayout;
  std::string bytes(Layout::kSize, kNoise);
  StoreLittleEndian(process.read_bytes, Layout::kReadBytes, bytes);
  StoreLittleEndian(process.written_bytes, Layout::kWrittenBytes, bytes);
  StoreLittleEndian(process.peak_footprint_bytes, Layout::kPeakFootprint,
                    bytes);
  return bytes;
}

void FakeMacosSystem::Add(FakeProcess process) {
  const absl::MutexLock lock(&mutex_);
  index_[process.pid] = processes_.size();
  processes_.push_back(std::move(process));
}

FakeProcess& FakeMacosSystem::At(int32_t pid) {
  const absl::MutexLock lock(&mutex_);
  return processes_[index_.at(pid)];
}

std::vector<std::string> FakeMacosSystem::calls() const {
  const absl::MutexLock lock(&mutex_);
  return calls_;
}

int64_t FakeMacosSystem::num_calls() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(calls_.size());
}

std::vector<uint32_t> FakeMacosSystem::looked_up() const {
  const absl::MutexLock lock(&mutex_);
  return looked_up_;
}

std::vector<size_t> FakeMacosSystem::table_buffers() const {
  const absl::MutexLock lock(&mutex_);
  return table_buffers_;
}

absl::StatusOr<size_t> FakeMacosSystem::ReadProcessTable(
    absl::Span<char> buffer) const {
  const absl::MutexLock lock(&mutex_);
  calls_.push_back("table");
  table_buffers_.push_back(buffer.size());
  if (!table_error_.ok()) return table_error_;
  if (table_) {
    CHECK_LE(table_->size(), buffer.size());
    std::memcpy(buffer.data(), table_->data(), table_->size());
    return table_->size();
  }
  for (size_t i = 0; i < num_to_start_; ++i) {
    const int32_t pid = index_.empty() ? 1 : index_.rbegin()->first + 1;
    index_[pid] = processes_.size();
    processes_.push_back({.pid = pid});
  }
  size_t size = 0;
  for (const FakeProcess& process : processes_) {
    const std::string bytes = KinfoProcBytes(process);
    if (size + bytes.size() > buffer.size()) {
      return absl::ResourceExhaustedError("ENOMEM");
    }
    std::memcpy(buffer.data() + size, bytes.data(), bytes.size());
    size += bytes.size();
  }
  return size;
}

CallResult FakeMacosSystem::Call(std::string_view name, int32_t pid,
                                 CallOutcome FakeProcess::*outcome, Bytes bytes,
                                 absl::Span<char> buffer) const {
  const absl::MutexLock lock(&mutex_);
  calls_.push_back(absl::StrCat(name, " ", pid));
  const auto found = index_.find(pid);
  if (found == index_.end()) return {.outcome = CallOutcome::kEnded};
  const FakeProcess& process = processes_[found->second];
  if (process.*outcome != CallOutcome::kOk) {
    return {.outcome = process.*outcome};
  }
  const std::string all = bytes(process);
  // As KERN_PROCARGS2 does: the end of a block that does not fit.
  std::string_view fits = all;
  fits.remove_prefix(all.size() - std::min(all.size(), buffer.size()));
  std::memcpy(buffer.data(), fits.data(), fits.size());
  return {.outcome = CallOutcome::kOk, .size = fits.size()};
}

CallResult FakeMacosSystem::ReadTaskInfo(int32_t pid,
                                         absl::Span<char> buffer) const {
  return Call("task", pid, &FakeProcess::task_outcome, TaskAllInfoBytes,
              buffer);
}

CallResult FakeMacosSystem::ReadResourceUsage(int32_t pid,
                                              absl::Span<char> buffer) const {
  return Call("usage", pid, &FakeProcess::usage_outcome, RusageInfoBytes,
              buffer);
}

CallResult FakeMacosSystem::ReadArguments(int32_t pid,
                                          absl::Span<char> buffer) const {
  return Call(
      "arguments", pid, &FakeProcess::arguments_outcome,
      [](const FakeProcess& process) { return process.arguments_block; },
      buffer);
}

std::string FakeMacosSystem::UserName(uint32_t uid) const {
  const absl::MutexLock lock(&mutex_);
  looked_up_.push_back(uid);
  const auto found = user_names_.find(uid);
  return found == user_names_.end() ? "" : found->second;
}

}  // namespace tallyman::platform
