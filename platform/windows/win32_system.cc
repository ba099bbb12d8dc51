#include "platform/windows/win32_system.h"

// windows.h would define macros with the names of std::min() and std::max().
#ifndef NOMINMAX
#define NOMINMAX
#endif
// windows.h comes first: other headers of Windows need it.
#include <windows.h>
// Not before windows.h.
#include <winternl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "platform/windows/windows_layout.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

// windows_layout.h against the headers of the compiler.
static_assert(sizeof(void*) == 8, "the layouts are those of 64-bit programs");
static_assert(sizeof(wchar_t) == 2);
static_assert(offsetof(UNICODE_STRING, Length) == UnicodeStringLayout::kLength);
static_assert(offsetof(UNICODE_STRING, Buffer) == UnicodeStringLayout::kBuffer);
static_assert(sizeof(UNICODE_STRING) == UnicodeStringLayout::kSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, NextEntryOffset) ==
              ProcessEntryLayout::kNextEntryOffset);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, NumberOfThreads) ==
              ProcessEntryLayout::kNumberOfThreads);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, ImageName) ==
              ProcessEntryLayout::kImageName);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, UniqueProcessId) ==
              ProcessEntryLayout::kUniqueProcessId);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, SessionId) ==
              ProcessEntryLayout::kSessionId);
static_assert(sizeof(SYSTEM_PROCESS_INFORMATION) == ProcessEntryLayout::kSize);
#ifdef __MINGW32__
// Microsoft's winternl.h names these members Reserved, or directly.
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, CreateTime) ==
              ProcessEntryLayout::kCreateTime);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, UserTime) ==
              ProcessEntryLayout::kUserTime);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, KernelTime) ==
              ProcessEntryLayout::kKernelTime);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       InheritedFromUniqueProcessId) ==
              ProcessEntryLayout::kInheritedFromUniqueProcessId);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       VirtualMemoryCounters.VirtualSize) ==
              ProcessEntryLayout::kVirtualSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       VirtualMemoryCounters.PeakWorkingSetSize) ==
              ProcessEntryLayout::kPeakWorkingSetSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       VirtualMemoryCounters.WorkingSetSize) ==
              ProcessEntryLayout::kWorkingSetSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       IoCounters.ReadTransferCount) ==
              ProcessEntryLayout::kReadTransferCount);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION,
                       IoCounters.WriteTransferCount) ==
              ProcessEntryLayout::kWriteTransferCount);
#else
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, VirtualSize) ==
              ProcessEntryLayout::kVirtualSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, PeakWorkingSetSize) ==
              ProcessEntryLayout::kPeakWorkingSetSize);
static_assert(offsetof(SYSTEM_PROCESS_INFORMATION, WorkingSetSize) ==
              ProcessEntryLayout::kWorkingSetSize);
#endif
static_assert(offsetof(PEB, ProcessParameters) ==
              PebLayout::kProcessParameters);
static_assert(offsetof(RTL_USER_PROCESS_PARAMETERS, CommandLine) ==
              ProcessParametersLayout::kCommandLine);

// Values that winternl.h or ntstatus.h has only in part. [MS-ERREF] lists the
// codes.
constexpr int kProcessCommandLineInformation = 60;
constexpr uint32_t kStatusNotImplemented = 0xc0000002;
constexpr uint32_t kStatusInvalidInfoClass = 0xc0000003;
constexpr uint32_t kStatusInfoLengthMismatch = 0xc0000004;
constexpr uint32_t kStatusNoMemory = 0xc0000017;
constexpr uint32_t kStatusAccessDenied = 0xc0000022;
constexpr uint32_t kStatusBufferTooSmall = 0xc0000023;
constexpr uint32_t kStatusInsufficientResources = 0xc000009a;
constexpr uint32_t kStatusProcessIsTerminating = 0xc000010a;

// SECURITY_MAX_SID_SIZE, which some headers lack.
constexpr size_t kMaxSidBytes = 68;

CallResult FromNtStatus(NTSTATUS status) {
  if (status >= 0) return CallResult::kOk;
  switch (static_cast<uint32_t>(status)) {
    case kStatusInfoLengthMismatch:
    case kStatusBufferTooSmall:
      return CallResult::kTooSmall;
    case kStatusNotImplemented:
    case kStatusInvalidInfoClass:
      return CallResult::kNotSupported;
    case kStatusAccessDenied:
      return CallResult::kAccessDenied;
    case kStatusNoMemory:
    case kStatusInsufficientResources:
      return CallResult::kExhausted;
    case kStatusProcessIsTerminating:
      return CallResult::kNotFound;
    default:
      return CallResult::kFailed;
  }
}

// The result of a call that failed, from GetLastError().
CallResult LastError() {
  switch (GetLastError()) {
    case ERROR_ACCESS_DENIED:
      return CallResult::kAccessDenied;
    case ERROR_INSUFFICIENT_BUFFER:
      return CallResult::kTooSmall;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_TOO_MANY_OPEN_FILES:
      return CallResult::kExhausted;
    default:
      return CallResult::kFailed;
  }
}

HANDLE ToHandle(ProcessHandleValue process) {
  return reinterpret_cast<HANDLE>(process);
}

int64_t ToTicks(const FILETIME& time) {
  return static_cast<int64_t>(uint64_t{time.dwHighDateTime} << 32 |
                              time.dwLowDateTime);
}

// The functions of ntdll count in 32 bits.
ULONG ToUlong(size_t size) {
  return static_cast<ULONG>(
      std::min<size_t>(size, std::numeric_limits<ULONG>::max()));
}

class Win32System : public WindowsSystem {
 public:
  CallResult ReadProcessTable(absl::Span<char> buffer, size_t& size) override {
    ULONG length = 0;
    const NTSTATUS status =
        NtQuerySystemInformation(SystemProcessInformation, buffer.data(),
                                 ToUlong(buffer.size()), &length);
    size = length;
    return FromNtStatus(status);
  }

  CallResult Open(int32_t pid, ProcessAccess access,
                  ProcessHandleValue& process) override {
    const DWORD rights = access == ProcessAccess::kReadMemory
                             ? PROCESS_QUERY_INFORMATION | PROCESS_VM_READ
                             : PROCESS_QUERY_LIMITED_INFORMATION;
    const HANDLE handle =
        OpenProcess(rights, /*bInheritHandle=*/FALSE, static_cast<DWORD>(pid));
    if (handle != nullptr) {
      process = ProcessHandleValue{reinterpret_cast<uintptr_t>(handle)};
      return CallResult::kOk;
    }
    // OpenProcess() documents this error for a pid that no process has.
    if (GetLastError() == ERROR_INVALID_PARAMETER) return CallResult::kNotFound;
    return LastError();
  }

  void Close(ProcessHandleValue process) override {
    CloseHandle(ToHandle(process));
  }

  CallResult ReadTimes(ProcessHandleValue process,
                       ProcessTimes& times) override {
    FILETIME creation{};
    FILETIME exit{};
    FILETIME kernel{};
    FILETIME user{};
    if (!GetProcessTimes(ToHandle(process), &creation, &exit, &kernel, &user)) {
      return LastError();
    }
    times = {.creation = ToTicks(creation), .exit = ToTicks(exit)};
    return CallResult::kOk;
  }

  bool IsRunning(ProcessHandleValue process) override {
    DWORD code = 0;
    return !GetExitCodeProcess(ToHandle(process), &code) ||
           code == STILL_ACTIVE;
  }

  CallResult ReadOwner(ProcessHandleValue process, std::string& sid) override {
    HANDLE token = nullptr;
    if (!OpenProcessToken(ToHandle(process), TOKEN_QUERY, &token)) {
      return LastError();
    }
    alignas(TOKEN_USER) std::array<char, sizeof(TOKEN_USER) + kMaxSidBytes>
        buffer;
    DWORD length = 0;
    const bool is_read = GetTokenInformation(token, TokenUser, buffer.data(),
                                             DWORD{buffer.size()}, &length);
    const CallResult result = is_read ? CallResult::kOk : LastError();
    CloseHandle(token);
    if (!is_read) return result;
    const PSID user = reinterpret_cast<TOKEN_USER*>(buffer.data())->User.Sid;
    sid.assign(static_cast<const char*>(user), GetLengthSid(user));
    return CallResult::kOk;
  }

  CallResult LookUpAccount(std::string_view sid,
                           std::string& utf16_name) override {
    // The function takes no const pointer.
    std::string copy(sid);
    std::vector<wchar_t> name(256);
    std::vector<wchar_t> domain(256);
    // Twice, if a name is longer than the limits of Windows (UNLEN, 256).
    for (int i = 0; i < 2; ++i) {
      auto name_units = static_cast<DWORD>(name.size());
      auto domain_units = static_cast<DWORD>(domain.size());
      SID_NAME_USE use;
      if (LookupAccountSidW(/*lpSystemName=*/nullptr, copy.data(), name.data(),
                            &name_units, domain.data(), &domain_units, &use)) {
        // Without the NUL, after which both are counted.
        utf16_name.assign(reinterpret_cast<const char*>(name.data()),
                          name_units * sizeof(wchar_t));
        return CallResult::kOk;
      }
      if (GetLastError() == ERROR_NONE_MAPPED) return CallResult::kNotFound;
      if (GetLastError() != ERROR_INSUFFICIENT_BUFFER) return LastError();
      name.resize(std::max<size_t>(name.size(), name_units));
      domain.resize(std::max<size_t>(domain.size(), domain_units));
    }
    return CallResult::kTooSmall;
  }

  CallResult ReadCommandLine(ProcessHandleValue process,
                             absl::Span<char> buffer, size_t& size) override {
    ULONG length = 0;
    const NTSTATUS status = NtQueryInformationProcess(
        ToHandle(process),
        static_cast<PROCESSINFOCLASS>(kProcessCommandLineInformation),
        buffer.data(), ToUlong(buffer.size()), &length);
    size = length;
    return FromNtStatus(status);
  }

  CallResult ReadPebAddresses(ProcessHandleValue process,
                              PebAddresses& addresses) override {
    PROCESS_BASIC_INFORMATION basic{};
    NTSTATUS status =
        NtQueryInformationProcess(ToHandle(process), ProcessBasicInformation,
                                  &basic, ULONG{sizeof(basic)}, nullptr);
    if (status < 0) return FromNtStatus(status);
    ULONG_PTR peb32 = 0;
    status =
        NtQueryInformationProcess(ToHandle(process), ProcessWow64Information,
                                  &peb32, ULONG{sizeof(peb32)}, nullptr);
    if (status < 0) return FromNtStatus(status);
    addresses = {.peb = reinterpret_cast<uintptr_t>(basic.PebBaseAddress),
                 .peb32 = peb32};
    return CallResult::kOk;
  }

  CallResult ReadMemory(ProcessHandleValue process, uint64_t address,
                        absl::Span<char> buffer) override {
    SIZE_T size = 0;
    if (!ReadProcessMemory(ToHandle(process),
                           reinterpret_cast<const void*>(address),
                           buffer.data(), buffer.size(), &size)) {
      return LastError();
    }
    return size == buffer.size() ? CallResult::kOk : CallResult::kFailed;
  }
};

}  // namespace

std::unique_ptr<WindowsSystem> MakeWin32System() {
  return std::make_unique<Win32System>();
}

}  // namespace tallyman::platform
