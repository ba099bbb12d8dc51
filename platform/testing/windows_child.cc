#include "platform/testing/windows_child.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "platform/base/windows/windows_text.h"

namespace tallyman::platform {
namespace {

constexpr DWORD kEndMs = 20'000;

}  // namespace

std::wstring OwnProgram() {
  std::array<wchar_t, 32'768> path;
  const DWORD size =
      GetModuleFileNameW(nullptr, path.data(), DWORD{path.size()});
  CHECK(size > 0 && size < path.size());
  return std::wstring(path.data(), size);
}

std::string OwnUser() {
  std::array<wchar_t, 257> name;
  auto size = DWORD{name.size()};
  CHECK(GetUserNameW(name.data(), &size)) << GetLastError();
  return base::FromWide({name.data(), size - 1});
}

ChildPipe::ChildPipe() {
  SECURITY_ATTRIBUTES inherited = {};
  inherited.nLength = sizeof(inherited);
  inherited.bInheritHandle = TRUE;
  CHECK(CreatePipe(&read_, &write_, &inherited, 0));
  CHECK(SetHandleInformation(read_, HANDLE_FLAG_INHERIT, 0));
}

ChildPipe::~ChildPipe() {
  CloseWrite();
  CloseHandle(read_);
}

void ChildPipe::CloseWrite() {
  if (write_ != nullptr) CloseHandle(std::exchange(write_, nullptr));
}

std::string ChildPipe::ReadUntil(std::string_view end) {
  std::string text;
  std::array<char, 4096> buffer;
  while (!absl::StrContains(text, end)) {
    DWORD got = 0;
    if (!ReadFile(read_, buffer.data(), DWORD{buffer.size()}, &got, nullptr) ||
        got == 0) {
      break;
    }
    text.append(buffer.data(), got);
  }
  return text;
}

// No text of a child has two zeros.
std::string ChildPipe::ReadAll() {
  return ReadUntil(std::string_view("\0\0", 2));
}

WindowsChild::WindowsChild(const std::wstring& program,
                           std::wstring command_line, DWORD flags, HANDLE out,
                           HANDLE err) {
  STARTUPINFOW startup{};
  startup.cb = sizeof(startup);
  startup.dwFlags = out == nullptr ? 0 : STARTF_USESTDHANDLES;
  startup.hStdOutput = out;
  startup.hStdError = err;
  CHECK(CreateProcessW(program.c_str(), command_line.data(), nullptr, nullptr,
                       /*bInheritHandles=*/out != nullptr, flags, nullptr,
                       nullptr, &startup, &process_))
      << GetLastError();
}

WindowsChild::~WindowsChild() {
  Kill();
  CloseHandle(process_.hThread);
  CloseHandle(process_.hProcess);
}

int64_t WindowsChild::creation_time() const {
  FILETIME creation;
  FILETIME unused;
  CHECK(
      GetProcessTimes(process_.hProcess, &creation, &unused, &unused, &unused));
  return static_cast<int64_t>(uint64_t{creation.dwHighDateTime} << 32 |
                              creation.dwLowDateTime);
}

void WindowsChild::Kill() {
  TerminateProcess(process_.hProcess, 1);
  WaitForSingleObject(process_.hProcess, kEndMs);
}

DWORD WindowsChild::Wait() {
  WaitForSingleObject(process_.hProcess, kEndMs);
  DWORD code = 0;
  CHECK(GetExitCodeProcess(process_.hProcess, &code));
  return code;
}

}  // namespace tallyman::platform
