// A WindowsSystem of processes that a test describes.
//
//   FakeWindowsSystem system;
//   system.Add({.pid = 8, .name = u"cmd.exe", .command_line = u"cmd /c dir"});
//   ...
//   EXPECT_EQ(system.calls().opens, 1);
//
// It writes the structures of Windows with the compiler's own layout of structs
// that list their members, which is independent of windows_layout.h.

#ifndef TALLYMAN_PLATFORM_WINDOWS_FAKE_WINDOWS_SYSTEM_H_
#define TALLYMAN_PLATFORM_WINDOWS_FAKE_WINDOWS_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// A process of the fake. Times are in 100 ns since 1601, or 100 ns of processor
// time.
struct FakeProcess {
  uint64_t pid = 0;
  uint64_t parent_pid = 0;
  std::u16string name;
  uint32_t num_threads = 1;
  uint32_t session = 0;
  int64_t creation_time = 132'455'060'550'000'000;  // 2020-09-23
  int64_t user_time = 0;
  int64_t kernel_time = 0;
  uint64_t virtual_bytes = 0;
  uint64_t working_set_bytes = 0;
  uint64_t peak_working_set_bytes = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;

  // The results of calls for this process.
  CallResult open = CallResult::kOk;
  CallResult open_for_memory = CallResult::kOk;
  CallResult times = CallResult::kOk;
  CallResult owner = CallResult::kOk;
  CallResult command_line_call = CallResult::kOk;

  // If set, another process has the pid now, which was created at this time.
  std::optional<int64_t> reused_at;
  int64_t exit_time = 0;
  bool is_running = true;
  std::string sid;
  std::u16string command_line;
  PebAddresses peb;
  // The readable parts of the memory, by their addresses.
  std::map<uint64_t, std::string> memory;
};

// The bytes of the SID S-1-`authority`-`sub_authorities`.
std::string FakeSid(uint64_t authority,
                    const std::vector<uint32_t>& sub_authorities);

// The bytes of `text`.
std::string Utf16Bytes(std::u16string_view text);

// The table of `processes`, as the system writes it to `address`.
std::string FakeProcessTable(const std::vector<FakeProcess>& processes,
                             uint64_t address);

// A UNICODE_STRING and its text, as the system writes them to `address`.
std::string FakeUnicodeString(std::u16string_view text, uint64_t address);

// Gives `process` a PEB with `command_line` in its memory: that of a 64-bit or
// of a 32-bit process. With `normalized` false the pointer to the text is an
// offset.
void AddPeb(std::u16string_view command_line, bool is_32_bit, bool normalized,
            FakeProcess& process);

// Thread-safe, except for Add() and the changes that references allow.
class FakeWindowsSystem : public WindowsSystem {
 public:
  // The number of calls, with their number of system calls.
  struct Calls {
    int tables = 0;
    int opens = 0;
    int opens_for_memory = 0;  // Of `opens`.
    int closes = 0;
    int times = 0;
    int is_running = 0;
    int owners = 0;
    int look_ups = 0;
    int command_lines = 0;
    int peb_addresses = 0;
    int memory_reads = 0;

    // Besides closes and look-ups.
    int system_calls() const {
      return tables + opens + times + is_running + 2 * owners + command_lines +
             2 * peb_addresses + memory_reads;
    }
  };

  // The reference is valid until the next call.
  FakeProcess& Add(FakeProcess process) {
    return processes_.emplace_back(std::move(process));
  }
  std::vector<FakeProcess>& processes() { return processes_; }

  // The accounts with names, by SID.
  std::map<std::string, std::u16string>& accounts() { return accounts_; }

  // False for a system without ProcessCommandLineInformation.
  void set_has_command_line_call(bool has) { has_command_line_call_ = has; }

  // Called at each read of the table, before it; may change the processes.
  void set_before_table(std::function<void()> before) {
    before_table_ = std::move(before);
  }
  // The result of each read of the table.
  void set_table_result(CallResult result) { table_result_ = result; }
  // Changes the bytes of each table.
  void set_change_table(std::function<void(std::string&)> change) {
    change_table_ = std::move(change);
  }

  Calls calls() const ABSL_LOCKS_EXCLUDED(mutex_);
  void ClearCalls() ABSL_LOCKS_EXCLUDED(mutex_);
  // The number of opened processes that are not closed.
  int num_open() const ABSL_LOCKS_EXCLUDED(mutex_);

  CallResult ReadProcessTable(absl::Span<char> buffer, size_t& size) override;
  CallResult Open(int32_t pid, ProcessAccess access,
                  ProcessHandleValue& process) override;
  void Close(ProcessHandleValue process) override;
  CallResult ReadTimes(ProcessHandleValue process,
                       ProcessTimes& times) override;
  bool IsRunning(ProcessHandleValue process) override;
  CallResult ReadOwner(ProcessHandleValue process, std::string& sid) override;
  CallResult LookUpAccount(std::string_view sid,
                           std::string& utf16_name) override;
  CallResult ReadCommandLine(ProcessHandleValue process,
                             absl::Span<char> buffer, size_t& size) override;
  CallResult ReadPebAddresses(ProcessHandleValue process,
                              PebAddresses& addresses) override;
  CallResult ReadMemory(ProcessHandleValue process, uint64_t address,
                        absl::Span<char> buffer) override;

 private:
  struct OpenHandle {
    size_t index;  // In processes_.
    ProcessAccess access;
  };
  // Dies (CHECK) if `process` is not open.
  OpenHandle Get(ProcessHandleValue process)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::vector<FakeProcess> processes_;
  std::map<std::string, std::u16string> accounts_;
  bool has_command_line_call_ = true;
  std::function<void()> before_table_;
  std::function<void(std::string&)> change_table_;
  CallResult table_result_ = CallResult::kOk;

  mutable absl::Mutex mutex_;
  Calls calls_ ABSL_GUARDED_BY(mutex_);
  std::map<ProcessHandleValue, OpenHandle> open_ ABSL_GUARDED_BY(mutex_);
  uintptr_t next_handle_ ABSL_GUARDED_BY(mutex_) = 4;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_FAKE_WINDOWS_SYSTEM_H_
