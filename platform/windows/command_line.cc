#include "platform/windows/command_line.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "platform/little_endian.h"
#include "platform/windows/windows_layout.h"
#include "platform/windows/windows_system.h"

namespace tallyman::platform {
namespace {

// A UNICODE_STRING, the longest text, and a NUL.
constexpr size_t kBufferBytes =
    UnicodeStringLayout::kSize + kMaxUnicodeStringBytes + 2;
static_assert(kBufferBytes >= std::numeric_limits<uint16_t>::max());
static_assert(kBufferBytes >= ProcessParametersLayout::kEndOfCommandLine);

// A text in the memory of a process.
struct RemoteText {
  uint64_t address = 0;
  size_t size = 0;
};

// `bytes` is the begin of RTL_USER_PROCESS_PARAMETERS, up to the end of the
// command line, and was read from `address`.
RemoteText CommandLineOf(std::string_view bytes, uint64_t address) {
  using Layout = ProcessParametersLayout;
  using String = UnicodeStringLayout;
  RemoteText text = {.address = LoadLittleEndian<uint64_t>(
                         bytes, Layout::kCommandLine + String::kBuffer),
                     .size = LoadLittleEndian<uint16_t>(
                         bytes, Layout::kCommandLine + String::kLength)};
  const auto flags = LoadLittleEndian<uint32_t>(bytes, Layout::kFlags);
  if ((flags & Layout::kNormalized) == 0) text.address += address;
  return text;
}

RemoteText CommandLine32Of(std::string_view bytes, uint64_t address) {
  using Layout = ProcessParameters32Layout;
  using String = UnicodeString32Layout;
  RemoteText text = {.address = LoadLittleEndian<uint32_t>(
                         bytes, Layout::kCommandLine + String::kBuffer),
                     .size = LoadLittleEndian<uint16_t>(
                         bytes, Layout::kCommandLine + String::kLength)};
  const auto flags = LoadLittleEndian<uint32_t>(bytes, Layout::kFlags);
  if ((flags & ProcessParametersLayout::kNormalized) == 0) {
    text.address += address;
  }
  return text;
}

std::string_view View(absl::Span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

absl::Span<char> CommandLineReader::Buffer() {
  if (!buffer_) buffer_.reset(new char[kBufferBytes]);
  return {buffer_.get(), kBufferBytes};
}

CallResult CommandLineReader::Read(ProcessHandleValue process,
                                   std::string_view& utf16) {
  const absl::Span<char> buffer = Buffer();
  size_t size = 0;
  const CallResult result = system_.ReadCommandLine(process, buffer, size);
  if (result != CallResult::kOk) return result;
  const std::string_view bytes = View(buffer).substr(0, size);
  if (bytes.size() < UnicodeStringLayout::kSize) return CallResult::kFailed;
  const std::optional<std::string_view> text = UnicodeStringAt(
      bytes, reinterpret_cast<uintptr_t>(bytes.data()), /*offset=*/0);
  if (!text) return CallResult::kFailed;
  utf16 = *text;
  return CallResult::kOk;
}

template <typename Integer>
CallResult CommandLineReader::ReadNumber(ProcessHandleValue process,
                                         uint64_t address, Integer& value) {
  const absl::Span<char> bytes = Buffer().first(sizeof(Integer));
  const CallResult result = system_.ReadMemory(process, address, bytes);
  if (result == CallResult::kOk) {
    value = LoadLittleEndian<Integer>(View(bytes), 0);
  }
  return result;
}

CallResult CommandLineReader::ReadFromMemory(ProcessHandleValue process,
                                             std::string_view& utf16) {
  PebAddresses peb;
  CallResult result = system_.ReadPebAddresses(process, peb);
  if (result != CallResult::kOk) return result;
  const bool is_32_bit = peb.peb32 != 0;
  // Processes of the kernel have none.
  if (!is_32_bit && peb.peb == 0) return CallResult::kFailed;

  uint64_t parameters = 0;
  if (is_32_bit) {
    uint32_t parameters32 = 0;
    result = ReadNumber(process, peb.peb32 + Peb32Layout::kProcessParameters,
                        parameters32);
    parameters = parameters32;
  } else {
    result = ReadNumber(process, peb.peb + PebLayout::kProcessParameters,
                        parameters);
  }
  if (result != CallResult::kOk) return result;

  absl::Span<char> bytes =
      Buffer().first(is_32_bit ? ProcessParameters32Layout::kEndOfCommandLine
                               : ProcessParametersLayout::kEndOfCommandLine);
  result = system_.ReadMemory(process, parameters, bytes);
  if (result != CallResult::kOk) return result;
  const RemoteText text = is_32_bit ? CommandLine32Of(View(bytes), parameters)
                                    : CommandLineOf(View(bytes), parameters);

  utf16 = {};
  if (text.size == 0) return CallResult::kOk;
  bytes = Buffer().first(text.size);
  result = system_.ReadMemory(process, text.address, bytes);
  if (result == CallResult::kOk) utf16 = View(bytes);
  return result;
}

}  // namespace tallyman::platform
