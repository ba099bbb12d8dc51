// Processes that a test starts on Windows. Functions die (CHECK) on failure.

#ifndef TALLYMAN_PLATFORM_TESTING_WINDOWS_CHILD_H_
#define TALLYMAN_PLATFORM_TESTING_WINDOWS_CHILD_H_

// windows.h would define macros with the names of std::min() and std::max().
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
// After winsock2.h, which some users include later.
#include <windows.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace tallyman::platform {

// The path of this program.
std::wstring OwnProgram();

// The user that this program runs as, in UTF-8.
std::string OwnUser();

// A pipe; children inherit the end to write to. Not thread-safe.
class ChildPipe {
 public:
  ChildPipe();
  ~ChildPipe();
  ChildPipe(const ChildPipe&) = delete;
  ChildPipe& operator=(const ChildPipe&) = delete;

  HANDLE write_end() const { return write_; }
  // After the child is started: then the end of the child ends the pipe.
  void CloseWrite();

  // What comes until `end` is there, or until the end of the pipe.
  std::string ReadUntil(std::string_view end);
  std::string ReadAll();

 private:
  HANDLE read_ = nullptr;
  HANDLE write_ = nullptr;
};

// A process, which the destructor ends. Not thread-safe.
class WindowsChild {
 public:
  // `flags` as of CreateProcess(); `out` and `err` are its standard output and
  // error, null for those of this process.
  WindowsChild(const std::wstring& program, std::wstring command_line,
               DWORD flags, HANDLE out = nullptr, HANDLE err = nullptr);
  ~WindowsChild();
  WindowsChild(const WindowsChild&) = delete;
  WindowsChild& operator=(const WindowsChild&) = delete;

  DWORD pid() const { return process_.dwProcessId; }
  HANDLE handle() const { return process_.hProcess; }
  // 100 ns since 1601.
  int64_t creation_time() const;

  // Returns when it has ended. Does nothing if it had before.
  void Kill();
  // Its exit code; STILL_ACTIVE if it does not end within 20 seconds.
  DWORD Wait();

 private:
  PROCESS_INFORMATION process_{};
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_WINDOWS_CHILD_H_
