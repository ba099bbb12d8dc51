// The calls of Windows that the process lister needs, as an interface of
// portable types: the rules of the lister are tested on any system with a fake.
// The values are the raw bytes of Windows; windows_layout.h describes them.
//
//   ProcessHandleValue process;
//   if (system.Open(pid, ProcessAccess::kQuery, process) == CallResult::kOk) {
//     ProcessTimes times;
//     const CallResult result = system.ReadTimes(process, times);
//     system.Close(process);
//   }
//
// win32_system.h implements it.

#ifndef TALLYMAN_PLATFORM_WINDOWS_WINDOWS_SYSTEM_H_
#define TALLYMAN_PLATFORM_WINDOWS_WINDOWS_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::platform {

enum class CallResult {
  kOk,
  kTooSmall,      // The buffer is too small.
  kNotFound,      // The process has ended; no account has this SID.
  kAccessDenied,  // The caller may not do this.
  kNotSupported,  // This version of Windows does not have the call.
  kExhausted,     // The system or the caller is out of memory or handles.
  kFailed,        // Any other error.
};

// An open process (HANDLE). Its owner calls WindowsSystem::Close() once.
enum class ProcessHandleValue : uintptr_t {};

enum class ProcessAccess {
  kQuery,       // PROCESS_QUERY_LIMITED_INFORMATION
  kReadMemory,  // PROCESS_QUERY_INFORMATION | PROCESS_VM_READ
};

// Times in 100 ns since 1601 (FILETIME).
struct ProcessTimes {
  int64_t creation = 0;
  // Documented as undefined for a process that has not ended; is 0 there.
  int64_t exit = 0;
};

// The addresses of the environment blocks of a process, in its own memory. 0 if
// there is none: a 64-bit process has no `peb32`.
struct PebAddresses {
  uint64_t peb = 0;
  uint64_t peb32 = 0;
};

// Implementations are thread-safe. A function that does not return kOk leaves
// its results unspecified, unless its comment says otherwise.
class WindowsSystem {
 public:
  virtual ~WindowsSystem() = default;
  WindowsSystem(const WindowsSystem&) = delete;
  WindowsSystem& operator=(const WindowsSystem&) = delete;

  // NtQuerySystemInformation(SystemProcessInformation): all processes, to
  // `buffer`, which is aligned to 8 bytes. Pointers in the table are addresses
  // in the buffer. Sets `size` to the bytes of the table, also for kTooSmall;
  // the table may have grown at the next call. One system call.
  virtual CallResult ReadProcessTable(absl::Span<char> buffer,
                                      size_t& size) = 0;

  // OpenProcess(). kNotFound for a pid that no process has; kAccessDenied
  // implies that the process exists. One system call.
  virtual CallResult Open(int32_t pid, ProcessAccess access,
                          ProcessHandleValue& process) = 0;

  // CloseHandle().
  virtual void Close(ProcessHandleValue process) = 0;

  // GetProcessTimes(). One system call.
  virtual CallResult ReadTimes(ProcessHandleValue process,
                               ProcessTimes& times) = 0;

  // False if the process has ended: GetExitCodeProcess(), for which a process
  // that ended with code 259 (STILL_ACTIVE) runs for ever. True if the call
  // fails. One system call.
  virtual bool IsRunning(ProcessHandleValue process) = 0;

  // OpenProcessToken() and GetTokenInformation(TokenUser): the SID of the owner
  // (sid.h), to `sid`. Two system calls.
  virtual CallResult ReadOwner(ProcessHandleValue process,
                               std::string& sid) = 0;

  // LookupAccountSidW(): the name of the account with this SID, without its
  // domain, in UTF-16. kNotFound if it has none. May ask a server of the
  // domain, which takes seconds if it does not answer.
  virtual CallResult LookUpAccount(std::string_view sid,
                                   std::string& utf16_name) = 0;

  // NtQueryInformationProcess(ProcessCommandLineInformation): a UNICODE_STRING
  // and its text, to `buffer`, which is aligned to 8 bytes. Pointers are
  // addresses in the buffer. Sets `size` to the bytes of the result.
  // kNotSupported before Windows 8.1 and in Wine 8. One system call.
  virtual CallResult ReadCommandLine(ProcessHandleValue process,
                                     absl::Span<char> buffer, size_t& size) = 0;

  // NtQueryInformationProcess(ProcessBasicInformation and
  // ProcessWow64Information). Two system calls.
  virtual CallResult ReadPebAddresses(ProcessHandleValue process,
                                      PebAddresses& addresses) = 0;

  // ReadProcessMemory(): fills `buffer` from `address`, or fails as a whole.
  // Needs kReadMemory. One system call.
  virtual CallResult ReadMemory(ProcessHandleValue process, uint64_t address,
                                absl::Span<char> buffer) = 0;

 protected:
  WindowsSystem() = default;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_WINDOWS_SYSTEM_H_
