#include "platform/windows/detail_reader.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "platform/process.h"
#include "platform/windows/utf16.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

// The System Idle Process: it has neither an owner nor a command line, and
// OpenProcess() refuses it as a pid that no process has.
constexpr int32_t kIdlePid = 0;

}  // namespace

// A process that the destructor closes.
class DetailReader::OpenedProcess {
 public:
  OpenedProcess(WindowsSystem& system, int32_t pid, ProcessAccess access)
      : system_(system),
        access_(access),
        result_(system.Open(pid, access, value_)) {}
  ~OpenedProcess() {
    if (result_ == CallResult::kOk) system_.Close(value_);
  }
  OpenedProcess(const OpenedProcess&) = delete;
  OpenedProcess& operator=(const OpenedProcess&) = delete;

  CallResult result() const { return result_; }
  // Only if result() is kOk.
  ProcessHandleValue value() const { return value_; }
  ProcessAccess access() const { return access_; }

 private:
  WindowsSystem& system_;
  const ProcessAccess access_;
  ProcessHandleValue value_{};
  const CallResult result_;  // After value_, which its initialization sets.
};

bool DetailReader::Note(CallResult result) {
  if (result == CallResult::kExhausted) exhausted_ = true;
  return result != CallResult::kNotFound && !exhausted_;
}

bool DetailReader::FillIn(Process& process, ProcessFields fields) {
  if (exhausted_) return false;
  if (process.pid == kIdlePid) return true;
  if (fields.Intersects(ProcessField::kArguments) &&
      !features_.has_command_line_call.load(std::memory_order_relaxed)) {
    const OpenedProcess opened(system_, process.pid,
                               ProcessAccess::kReadMemory);
    if (opened.result() != CallResult::kAccessDenied) {
      return FillInFrom(opened, fields, process);
    }
    // The owner needs less access.
  }
  const bool had_call =
      features_.has_command_line_call.load(std::memory_order_relaxed);
  {
    const OpenedProcess opened(system_, process.pid, ProcessAccess::kQuery);
    if (!FillInFrom(opened, fields, process)) return false;
  }
  // The first process of a system without the call: once more.
  if (had_call &&
      !features_.has_command_line_call.load(std::memory_order_relaxed)) {
    return FillIn(process, fields);
  }
  return true;
}

bool DetailReader::FillInFrom(const OpenedProcess& opened, ProcessFields fields,
                              Process& process) {
  if (!Note(opened.result())) return false;
  if (opened.result() != CallResult::kOk) return true;
  sid_.clear();
  arguments_.clear();
  if (fields.Intersects(ProcessField::kUser)) {
    const CallResult result = system_.ReadOwner(opened.value(), sid_);
    if (!Note(result)) return false;
    if (result != CallResult::kOk) sid_.clear();
  }
  if (fields.Intersects(ProcessField::kArguments)) {
    if (!Note(ReadArguments(opened))) return false;
  }
  ProcessTimes times;
  const CallResult result = system_.ReadTimes(opened.value(), times);
  if (!Note(result)) return false;
  // It may be another process: its details are not known to be those of the
  // table's process.
  if (result != CallResult::kOk) return true;
  const int64_t creation = times.creation > 0 ? times.creation : -1;
  if (creation != process.start_ticks) return false;
  if (times.exit != 0 && !system_.IsRunning(opened.value())) return false;
  // The strings are copied last: nothing of a process that has ended is kept.
  if (!sid_.empty()) process.user = UserName(sid_);
  if (!arguments_.empty()) process.arguments = strings_.Copy(arguments_);
  return true;
}

CallResult DetailReader::ReadArguments(const OpenedProcess& opened) {
  std::string_view utf16;
  CallResult result = CallResult::kNotSupported;
  if (opened.access() == ProcessAccess::kReadMemory) {
    result = command_lines_.ReadFromMemory(opened.value(), utf16);
  } else if (features_.has_command_line_call.load(std::memory_order_relaxed)) {
    result = command_lines_.Read(opened.value(), utf16);
    if (result == CallResult::kNotSupported) {
      features_.has_command_line_call.store(false, std::memory_order_relaxed);
    }
  }
  if (result == CallResult::kOk) SetUtf8(utf16, arguments_);
  return result;
}

std::string_view DetailReader::UserName(const std::string& sid) {
  const auto known = users_.find(sid);
  if (known != users_.end()) return known->second;
  const std::string_view name = strings_.Copy(account_names_.Name(sid));
  users_.emplace(sid, name);
  return name;
}

}  // namespace tallyman::platform
