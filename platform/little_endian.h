// Reads integers from what Windows and macOS return, without alignment: both
// run on little-endian machines only.

#ifndef TALLYMAN_PLATFORM_LITTLE_ENDIAN_H_
#define TALLYMAN_PLATFORM_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "absl/base/config.h"

namespace tallyman::platform {

#ifndef ABSL_IS_LITTLE_ENDIAN
#error "structures of the system are read in native byte order"
#endif

// The integer at `offset`. `bytes` must have offset + sizeof(Integer) bytes:
// callers check the length of the whole structure once.
template <typename Integer>
Integer LoadLittleEndian(std::string_view bytes, size_t offset) {
  static_assert(std::is_integral_v<Integer>);
  Integer value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_LITTLE_ENDIAN_H_
