// Reads integers of the byte order of macOS from bytes without alignment.

#ifndef TALLYMAN_PLATFORM_MACOS_LITTLE_ENDIAN_H_
#define TALLYMAN_PLATFORM_MACOS_LITTLE_ENDIAN_H_

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tallyman::platform {

static_assert(std::endian::native == std::endian::little,
              "the structures of macOS are read in native byte order");

// The integer at `offset`. `bytes` must have offset + sizeof(T) bytes: callers
// check the length of the whole structure once.
template <typename T>
T LoadLittleEndian(std::string_view bytes, size_t offset) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_MACOS_LITTLE_ENDIAN_H_
