// The command line of a process, which has one string for all arguments.

#ifndef TALLYMAN_PLATFORM_WINDOWS_COMMAND_LINE_H_
#define TALLYMAN_PLATFORM_WINDOWS_COMMAND_LINE_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/types/span.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {

// Reads command lines into one buffer: the views that a call returns are valid
// until the next call. Not thread-safe.
//
// A command line has at most kMaxUnicodeStringBytes bytes of UTF-16, or 96 KiB
// of UTF-8: less than the 4 MiB to which process.h limits the arguments.
class CommandLineReader {
 public:
  // `system` must outlive the object.
  explicit CommandLineReader(WindowsSystem& system) : system_(system) {}

  // Asks the system for the command line of `process`, in UTF-16. One system
  // call. kNotSupported: use ReadFromMemory(). kFailed if the result is
  // malformed.
  CallResult Read(ProcessHandleValue process, std::string_view& utf16);

  // Reads it from the memory of `process`, which is open with kReadMemory: from
  // its PEB, or the 32-bit PEB of a 32-bit process. The process itself can
  // change this memory at any time. Five system calls.
  CallResult ReadFromMemory(ProcessHandleValue process,
                            std::string_view& utf16);

 private:
  absl::Span<char> Buffer();
  // The number of type Integer at `address` in the memory of `process`.
  template <typename Integer>
  CallResult ReadNumber(ProcessHandleValue process, uint64_t address,
                        Integer& value);

  WindowsSystem& system_;
  std::unique_ptr<char[]> buffer_;  // Null until the first call.
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_COMMAND_LINE_H_
