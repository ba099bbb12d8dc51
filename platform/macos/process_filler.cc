#include "platform/macos/process_filler.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/macos/kernel_records.h"
#include "platform/macos/macos_system.h"
#include "platform/macos/process_arguments.h"
#include "platform/process.h"

namespace tallyman::platform {
namespace {

constexpr ProcessFields kUsageFields =
    ProcessField::kStorageIo | ProcessField::kPeakResidentBytes;
constexpr ProcessFields kTaskFields =
    ProcessFields(ProcessField::kNumThreads) | ProcessField::kResidentBytes |
    ProcessField::kVirtualBytes | ProcessField::kCpuTime;

// A zombie has no address space and no threads.
void SetZombie(Process& process) {
  process.state = ProcessState::kZombie;
  process.num_threads = 0;
  process.resident_bytes = 0;
  process.peak_resident_bytes = 0;
  process.virtual_bytes = 0;
}

}  // namespace

bool ProcessFiller::Fill(Process& process, ProcessFields fields) {
  const ProcessRecord* const record = table_.Find(process.pid);
  if (record == nullptr) return false;
  if (fields.Intersects(ProcessField::kUser)) {
    process.user = UserName(record->effective_uid);
  }
  if (record->status == ProcessStatus::kZombie) {
    SetZombie(process);
    return true;
  }
  if (fields.Intersects(ProcessField::kState) && !NeedsTaskForState(*record)) {
    process.state = StateOf(*record, /*num_running=*/-1);
    fields = fields.Without(ProcessField::kState);
  }
  // The first step of a query may have brought all fields of a call.
  if (process.num_threads >= 0) {
    fields = fields.Without(kTaskFields | ProcessField::kState);
  }
  if (process.storage_read_bytes >= 0) fields = fields.Without(kUsageFields);
  const bool wants_arguments = fields.Intersects(ProcessField::kArguments);
  const bool wants_usage = fields.Intersects(kUsageFields);
  if (!wants_arguments && !wants_usage &&
      !fields.Intersects(kTaskFields | ProcessField::kState)) {
    return true;
  }
  std::string_view arguments;
  std::optional<ResourceUsage> usage;
  std::optional<TaskInfo> task;
  if (wants_arguments && !ReadArguments(process.pid, arguments)) return false;
  if (wants_usage && !ReadResourceUsage(process.pid, usage)) return false;
  if (!ReadTaskInfo(*record, task)) return false;
  if (!task) return true;
  if (wants_arguments) process.arguments = strings_.Copy(arguments);
  if (usage) {
    process.storage_read_bytes = usage->read_bytes;
    process.storage_written_bytes = usage->written_bytes;
    process.peak_resident_bytes = usage->peak_footprint_bytes;
  }
  if (process.num_threads < 0) SetTaskInfo(*record, *task, process);
  return true;
}

bool ProcessFiller::ReadArguments(int32_t pid, std::string_view& arguments) {
  constexpr size_t kSize = MacosSystem::kArgumentsBufferBytes;
  if (!arguments_buffer_) {
    arguments_buffer_.reset(new char[kSize]);
  }
  char* const buffer = arguments_buffer_.get();
  const CallResult result =
      system_.ReadArguments(pid, absl::MakeSpan(buffer, kSize));
  if (result.outcome == CallOutcome::kEnded) return false;
  // A full buffer may have the end of a longer block: the environment in the
  // place of the arguments.
  if (result.outcome == CallOutcome::kOk && result.size < kSize) {
    arguments = FindArguments(std::string_view(buffer, result.size));
  }
  return true;
}

bool ProcessFiller::ReadResourceUsage(int32_t pid,
                                      std::optional<ResourceUsage>& usage) {
  std::array<char, RusageInfoLayout::kSize> buffer;
  const CallResult result =
      system_.ReadResourceUsage(pid, absl::MakeSpan(buffer));
  if (result.outcome == CallOutcome::kEnded) return false;
  if (result.outcome == CallOutcome::kOk) {
    usage = ParseResourceUsage(
        std::string_view(buffer.data(), buffer.size()).substr(0, result.size));
  }
  return true;
}

bool ProcessFiller::ReadTaskInfo(const ProcessRecord& record,
                                 std::optional<TaskInfo>& task) {
  std::array<char, TaskAllInfoLayout::kSize> buffer;
  const CallResult result =
      system_.ReadTaskInfo(record.pid, absl::MakeSpan(buffer));
  if (result.outcome == CallOutcome::kEnded) return false;
  if (result.outcome == CallOutcome::kOk) {
    task = ParseTaskInfo(
        std::string_view(buffer.data(), buffer.size()).substr(0, result.size));
  }
  return !task || (task->pid == record.pid &&
                   task->start_microseconds == record.start_microseconds);
}

void ProcessFiller::SetTaskInfo(const ProcessRecord& record,
                                const TaskInfo& task, Process& process) const {
  process.num_threads = task.num_threads;
  process.resident_bytes = task.resident_bytes;
  process.virtual_bytes = task.virtual_bytes;
  process.cpu_time = ProcessorTime(task.user_time, task.system_time, timebase_);
  process.state = StateOf(record, task.num_running);
}

std::string_view ProcessFiller::UserName(uint32_t uid) {
  const auto known = users_.find(uid);
  if (known != users_.end()) return known->second;
  std::string name = user_name_ ? user_name_(uid) : system_.UserName(uid);
  if (name.empty()) name = absl::StrCat(uid);
  return users_.emplace(uid, strings_.Copy(name)).first->second;
}

}  // namespace tallyman::platform
