// The memory layout of what 64-bit Windows returns to a 64-bit program, as
// offsets in bytes. Pointers have 8 bytes. Numbers have the byte order of the
// machine, which is little-endian on every machine with Windows.
//
// Sources: "NtQuerySystemInformation", "NtQueryInformationProcess" and
// "UNICODE_STRING" in Microsoft's documentation of the Windows API, and the
// header winternl.h. Microsoft documents no name for some members (Reserved1 to
// Reserved7 of SYSTEM_PROCESS_INFORMATION); their offsets are those of
// winternl.h of MinGW-w64, unchanged since Windows Vista. win32_system.cc
// compares the offsets with the headers that it is compiled with.

#ifndef TALLYMAN_PLATFORM_WINDOWS_WINDOWS_LAYOUT_H_
#define TALLYMAN_PLATFORM_WINDOWS_WINDOWS_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/little_endian.h"

namespace tallyman::platform {

// UNICODE_STRING: a counted string, which need not end with a NUL.
struct UnicodeStringLayout {
  static constexpr size_t kLength = 0x00;  // uint16: bytes of the text.
  static constexpr size_t kBuffer = 0x08;  // uint64: address of the text.
  static constexpr size_t kSize = 0x10;
};

// The same in a 32-bit process.
struct UnicodeString32Layout {
  static constexpr size_t kLength = 0x00;  // uint16
  static constexpr size_t kBuffer = 0x04;  // uint32
  static constexpr size_t kSize = 0x08;
};

// SYSTEM_PROCESS_INFORMATION: one process of the table. Its threads follow, and
// the text of its image name.
struct ProcessEntryLayout {
  // uint32: bytes from the start of this entry to the next; 0 in the last.
  static constexpr size_t kNextEntryOffset = 0x00;
  static constexpr size_t kNumberOfThreads = 0x04;  // uint32
  // int64 each: 100 ns since 1601, and 100 ns of processor time.
  static constexpr size_t kCreateTime = 0x20;
  static constexpr size_t kUserTime = 0x28;
  static constexpr size_t kKernelTime = 0x30;
  static constexpr size_t kImageName = 0x38;        // UNICODE_STRING
  static constexpr size_t kUniqueProcessId = 0x50;  // uint64
  static constexpr size_t kInheritedFromUniqueProcessId = 0x58;  // uint64
  static constexpr size_t kSessionId = 0x64;                     // uint32
  // uint64 each, in bytes.
  static constexpr size_t kVirtualSize = 0x78;
  static constexpr size_t kPeakWorkingSetSize = 0x88;
  static constexpr size_t kWorkingSetSize = 0x90;
  static constexpr size_t kReadTransferCount = 0xe8;
  static constexpr size_t kWriteTransferCount = 0xf0;
  static constexpr size_t kSize = 0x100;
};

// PEB, the process environment block, and RTL_USER_PROCESS_PARAMETERS, to which
// it points.
struct PebLayout {
  static constexpr size_t kProcessParameters = 0x20;  // uint64
};
struct ProcessParametersLayout {
  // uint32. Without kNormalized the pointers of the structure are offsets from
  // its start, as in a process that has not run yet.
  static constexpr size_t kFlags = 0x08;
  static constexpr uint32_t kNormalized = 1;
  static constexpr size_t kCommandLine = 0x70;  // UNICODE_STRING
  static constexpr size_t kEndOfCommandLine =
      kCommandLine + UnicodeStringLayout::kSize;
};

// The same in a 32-bit process.
struct Peb32Layout {
  static constexpr size_t kProcessParameters = 0x10;  // uint32
};
struct ProcessParameters32Layout {
  static constexpr size_t kFlags = 0x08;
  static constexpr size_t kCommandLine = 0x40;  // UNICODE_STRING, 32 bit
  static constexpr size_t kEndOfCommandLine =
      kCommandLine + UnicodeString32Layout::kSize;
};

// The most bytes that a UNICODE_STRING counts: 32767 units of UTF-16.
inline constexpr size_t kMaxUnicodeStringBytes = 0xfffe;

// The text of the UNICODE_STRING at `offset`, which must be in `bytes` with all
// of its bytes. The text is a part of the same bytes, the first of which has
// `address`: nullopt if it is not. An empty text may have any address.
inline std::optional<std::string_view> UnicodeStringAt(std::string_view bytes,
                                                       uint64_t address,
                                                       size_t offset) {
  const size_t length =
      LoadLittleEndian<uint16_t>(bytes, offset + UnicodeStringLayout::kLength);
  if (length == 0) return std::string_view();
  const auto text =
      LoadLittleEndian<uint64_t>(bytes, offset + UnicodeStringLayout::kBuffer);
  if (text < address || text - address > bytes.size()) return std::nullopt;
  const size_t begin = text - address;
  if (length > bytes.size() - begin) return std::nullopt;
  return bytes.substr(begin, length);
}

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_WINDOWS_WINDOWS_LAYOUT_H_
