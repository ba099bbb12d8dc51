#include "platform/macos/process_arguments.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/little_endian.h"

namespace tallyman::platform {
namespace {

// The size of a pointer of the process: macOS 11 and newer run only 64-bit
// programs.
constexpr size_t kPathAlignment = 8;

std::string_view WithoutNulsAtEnd(std::string_view text) {
  const size_t last = text.find_last_not_of('\0');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// What follows the program's path and its padding; "" for another layout.
std::string_view AfterPath(std::string_view strings) {
  const size_t path_size = strings.find('\0');
  if (path_size == std::string_view::npos) return {};
  const size_t begin = (path_size / kPathAlignment + 1) * kPathAlignment;
  if (begin > strings.size()) return {};
  const std::string_view padding = strings.substr(path_size, begin - path_size);
  if (padding.find_first_not_of('\0') != std::string_view::npos) return {};
  return strings.substr(begin);
}

// The first `count` (at least 1) strings of `strings`, or only the first if
// there are fewer.
std::string_view FirstStrings(std::string_view strings, int32_t count) {
  const size_t first_end = strings.find('\0');
  size_t end = first_end;
  for (int32_t i = 1; i < count; ++i) {
    // The NUL at the end of the block begins no string.
    if (end == std::string_view::npos || end + 1 == strings.size()) {
      return strings.substr(0, first_end);
    }
    end = strings.find('\0', end + 1);
  }
  return strings.substr(0, end);
}

}  // namespace

std::string_view FindArguments(std::string_view block) {
  if (block.size() < sizeof(int32_t)) return {};
  const auto count = LoadLittleEndian<int32_t>(block, 0);
  if (count <= 0) return {};
  const std::string_view strings = AfterPath(block.substr(sizeof(int32_t)));
  return WithoutNulsAtEnd(
      FirstStrings(strings, count).substr(0, kMaxArgumentsBytes));
}

}  // namespace tallyman::platform
