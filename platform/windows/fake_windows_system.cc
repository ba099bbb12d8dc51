#include "platform/windows/fake_windows_system.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

// The structures of 64-bit Windows, member by member. Pointers are numbers.
struct RawUnicodeString {
  uint16_t length;
  uint16_t maximum_length;
  alignas(8) uint64_t buffer;
};

struct RawUnicodeString32 {
  uint16_t length;
  uint16_t maximum_length;
  uint32_t buffer;
};

struct RawProcessEntry {
  uint32_t next_entry_offset;
  uint32_t number_of_threads;
  int64_t working_set_private_size;
  uint32_t hard_fault_count;
  uint32_t number_of_threads_high_watermark;
  uint64_t cycle_time;
  int64_t create_time;
  int64_t user_time;
  int64_t kernel_time;
  RawUnicodeString image_name;
  int32_t base_priority;
  alignas(8) uint64_t unique_process_id;
  uint64_t inherited_from_unique_process_id;
  uint32_t handle_count;
  uint32_t session_id;
  uint64_t unique_process_key;
  uint64_t peak_virtual_size;
  uint64_t virtual_size;
  uint32_t page_fault_count;
  alignas(8) uint64_t peak_working_set_size;
  uint64_t working_set_size;
  uint64_t quota_peak_paged_pool_usage;
  uint64_t quota_paged_pool_usage;
  uint64_t quota_peak_non_paged_pool_usage;
  uint64_t quota_non_paged_pool_usage;
  uint64_t pagefile_usage;
  uint64_t peak_pagefile_usage;
  uint64_t private_page_count;
  int64_t read_operation_count;
  int64_t write_operation_count;
  int64_t other_operation_count;
  uint64_t read_transfer_count;
  uint64_t write_transfer_count;
  uint64_t other_transfer_count;
};

// A thread of the table: 80 bytes, of which nothing is used.
constexpr size_t kThreadBytes = 80;

struct RawPeb {
  uint8_t flags[4];
  uint32_t padding;
  uint64_t mutant;
  uint64_t image_base_address;
  uint64_t ldr;
  uint64_t process_parameters;
};

struct RawPeb32 {
  uint8_t flags[4];
  uint32_t mutant;
  uint32_t image_base_address;
  uint32_t ldr;
  uint32_t process_parameters;
};

template <typename Pointer, typename UnicodeString>
struct RawParameters {
  uint32_t maximum_length;
  uint32_t length;
  uint32_t flags;
  uint32_t debug_flags;
  Pointer console_handle;
  uint32_t console_flags;
  Pointer standard_handles[3];
  UnicodeString current_directory;
  Pointer current_directory_handle;
  UnicodeString dll_path;
  UnicodeString image_path_name;
  UnicodeString command_line;
};

template <typename Struct>
std::string BytesOf(const Struct& value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

template <typename Parameters, typename Peb>
void AddPebAs(std::u16string_view command_line, uint64_t peb_address,
              bool normalized, FakeProcess& process) {
  const uint64_t parameters_address = peb_address + 0x10000;
  const uint64_t text_address = peb_address + 0x20000;
  Peb peb{};
  peb.process_parameters =
      static_cast<decltype(peb.process_parameters)>(parameters_address);
  Parameters parameters{};
  parameters.flags = normalized ? 1 : 0;
  parameters.command_line.length =
      static_cast<uint16_t>(command_line.size() * 2);
  parameters.command_line.buffer =
      static_cast<decltype(parameters.command_line.buffer)>(
          normalized ? text_address : text_address - parameters_address);
  process.memory[peb_address] = BytesOf(peb);
  process.memory[parameters_address] = BytesOf(parameters);
  process.memory[text_address] = Utf16Bytes(command_line);
}

}  // namespace

std::string FakeSid(uint64_t authority,
                    const std::vector<uint32_t>& sub_authorities) {
  std::string sid;
  sid.push_back('\x01');
  sid.push_back(static_cast<char>(sub_authorities.size()));
  for (int shift = 40; shift >= 0; shift -= 8) {
    sid.push_back(static_cast<char>(authority >> shift));
  }
  for (const uint32_t value : sub_authorities) {
    for (int shift = 0; shift < 32; shift += 8) {
      sid.push_back(static_cast<char>(value >> shift));
    }
  }
  return sid;
}

std::string Utf16Bytes(std::u16string_view text) {
  std::string bytes(text.size() * sizeof(char16_t), '\0');
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), bytes.size());
  return bytes;
}

std::string FakeUnicodeString(std::u16string_view text, uint64_t address) {
  const auto length = static_cast<uint16_t>(text.size() * 2);
  std::string bytes = BytesOf(RawUnicodeString{
      .length = length,
      .maximum_length = length,
      .buffer = text.empty() ? 0 : address + sizeof(RawUnicodeString)});
  return bytes + Utf16Bytes(text);
}

std::string FakeProcessTable(const std::vector<FakeProcess>& processes,
                             uint64_t address) {
  std::string table;
  for (const FakeProcess& process : processes) {
    const size_t name_offset =
        sizeof(RawProcessEntry) + process.num_threads * kThreadBytes;
    const size_t name_bytes = process.name.size() * 2;
    // The next entry is aligned to 8 bytes.
    const size_t size = (name_offset + name_bytes + 7) / 8 * 8;
    const bool is_last = &process == &processes.back();
    RawProcessEntry entry{};
    entry.next_entry_offset = is_last ? 0 : static_cast<uint32_t>(size);
    entry.number_of_threads = process.num_threads;
    entry.session_id = process.session;
    entry.create_time = process.creation_time;
    entry.user_time = process.user_time;
    entry.kernel_time = process.kernel_time;
    entry.image_name.length = static_cast<uint16_t>(name_bytes);
    entry.image_name.maximum_length = entry.image_name.length;
    entry.image_name.buffer =
        process.name.empty() ? 0 : address + table.size() + name_offset;
    entry.unique_process_id = process.pid;
    entry.inherited_from_unique_process_id = process.parent_pid;
    entry.virtual_size = process.virtual_bytes;
    entry.working_set_size = process.working_set_bytes;
    entry.peak_working_set_size = process.peak_working_set_bytes;
    entry.read_transfer_count = process.read_bytes;
    entry.write_transfer_count = process.written_bytes;
    std::string bytes = BytesOf(entry);
    bytes.resize(name_offset, '\xee');
    bytes += Utf16Bytes(process.name);
    bytes.resize(size, '\xee');
    table += bytes;
  }
  return table;
}

void AddPeb(std::u16string_view command_line, bool is_32_bit, bool normalized,
            FakeProcess& process) {
  // A 32-bit process has both; its 64-bit PEB is not readable here.
  process.peb.peb = 0x7ff'0000'0000;
  if (is_32_bit) {
    process.peb.peb32 = 0x40'0000;
    AddPebAs<RawParameters<uint32_t, RawUnicodeString32>, RawPeb32>(
        command_line, process.peb.peb32, normalized, process);
  } else {
    AddPebAs<RawParameters<uint64_t, RawUnicodeString>, RawPeb>(
        command_line, process.peb.peb, normalized, process);
  }
}

FakeWindowsSystem::Calls FakeWindowsSystem::calls() const {
  const absl::MutexLock lock(&mutex_);
  return calls_;
}

void FakeWindowsSystem::ClearCalls() {
  const absl::MutexLock lock(&mutex_);
  calls_ = {};
}

int FakeWindowsSystem::num_open() const {
  const absl::MutexLock lock(&mutex_);
  return static_cast<int>(open_.size());
}

FakeWindowsSystem::OpenHandle FakeWindowsSystem::Get(
    ProcessHandleValue process) {
  const auto found = open_.find(process);
  CHECK(found != open_.end()) << "a handle that is not open";
  return found->second;
}

CallResult FakeWindowsSystem::ReadProcessTable(absl::Span<char> buffer,
                                               size_t& size) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.tables;
  if (before_table_) before_table_();
  if (table_result_ != CallResult::kOk) return table_result_;
  std::string table =
      FakeProcessTable(processes_, reinterpret_cast<uintptr_t>(buffer.data()));
  if (change_table_) change_table_(table);
  size = table.size();
  if (size > buffer.size()) return CallResult::kTooSmall;
  std::copy(table.begin(), table.end(), buffer.begin());
  return CallResult::kOk;
}

CallResult FakeWindowsSystem::Open(int32_t pid, ProcessAccess access,
                                   ProcessHandleValue& process) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.opens;
  if (access == ProcessAccess::kReadMemory) ++calls_.opens_for_memory;
  const auto found =
      std::find_if(processes_.begin(), processes_.end(),
                   [pid](const FakeProcess& candidate) {
                     return candidate.pid == static_cast<uint64_t>(pid);
                   });
  if (found == processes_.end()) return CallResult::kNotFound;
  const CallResult result = access == ProcessAccess::kReadMemory
                                ? found->open_for_memory
                                : found->open;
  if (result != CallResult::kOk) return result;
  process = ProcessHandleValue{next_handle_};
  next_handle_ += 4;
  open_[process] = {
      .index = static_cast<size_t>(std::distance(processes_.begin(), found)),
      .access = access};
  return CallResult::kOk;
}

void FakeWindowsSystem::Close(ProcessHandleValue process) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.closes;
  Get(process);
  open_.erase(process);
}

CallResult FakeWindowsSystem::ReadTimes(ProcessHandleValue process,
                                        ProcessTimes& times) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.times;
  const FakeProcess& of = processes_[Get(process).index];
  times = {.creation = of.reused_at.value_or(of.creation_time),
           .exit = of.exit_time};
  return of.times;
}

bool FakeWindowsSystem::IsRunning(ProcessHandleValue process) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.is_running;
  return processes_[Get(process).index].is_running;
}

CallResult FakeWindowsSystem::ReadOwner(ProcessHandleValue process,
                                        std::string& sid) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.owners;
  const FakeProcess& of = processes_[Get(process).index];
  sid = of.owner == CallResult::kOk ? of.sid : "unspecified";
  return of.owner;
}

CallResult FakeWindowsSystem::LookUpAccount(std::string_view sid,
                                            std::string& utf16_name) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.look_ups;
  const auto found = accounts_.find(std::string(sid));
  if (found == accounts_.end()) return CallResult::kNotFound;
  utf16_name = Utf16Bytes(found->second);
  return CallResult::kOk;
}

CallResult FakeWindowsSystem::ReadCommandLine(ProcessHandleValue process,
                                              absl::Span<char> buffer,
                                              size_t& size) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.command_lines;
  if (!has_command_line_call_) return CallResult::kNotSupported;
  const FakeProcess& of = processes_[Get(process).index];
  const std::string bytes = FakeUnicodeString(
      of.command_line, reinterpret_cast<uintptr_t>(buffer.data()));
  size = bytes.size();
  if (size > buffer.size()) return CallResult::kTooSmall;
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  return of.command_line_call;
}

CallResult FakeWindowsSystem::ReadPebAddresses(ProcessHandleValue process,
                                               PebAddresses& addresses) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.peb_addresses;
  addresses = processes_[Get(process).index].peb;
  return CallResult::kOk;
}

CallResult FakeWindowsSystem::ReadMemory(ProcessHandleValue process,
                                         uint64_t address,
                                         absl::Span<char> buffer) {
  const absl::MutexLock lock(&mutex_);
  ++calls_.memory_reads;
  const OpenHandle handle = Get(process);
  if (handle.access != ProcessAccess::kReadMemory) {
    return CallResult::kAccessDenied;
  }
  const auto& memory = processes_[handle.index].memory;
  auto part = memory.upper_bound(address);
  if (part == memory.begin()) return CallResult::kFailed;
  --part;
  const uint64_t offset = address - part->first;
  if (offset > part->second.size() ||
      buffer.size() > part->second.size() - offset) {
    return CallResult::kFailed;
  }
  part->second.copy(buffer.data(), buffer.size(), offset);
  return CallResult::kOk;
}

}  // namespace tallyman::platform
