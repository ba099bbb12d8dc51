#include "auth/crypto.h"

#include <windows.h>

#include <cstddef>

#include "absl/types/span.h"
#include "platform/base/random_bytes.h"

namespace tallyman::auth {

bool RandomBytes(absl::Span<unsigned char> bytes) {
  base::FillRandom(bytes);
  return true;
}

void Cleanse(void* bytes, size_t size) { SecureZeroMemory(bytes, size); }

// Windows has no such function for programs of the user.
bool EqualInConstantTime(const void* a, const void* b, size_t size) {
  const auto* const left = static_cast<const volatile unsigned char*>(a);
  const auto* const right = static_cast<const volatile unsigned char*>(b);
  unsigned char difference = 0;
  for (size_t i = 0; i < size; ++i) {
    difference = static_cast<unsigned char>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

}  // namespace tallyman::auth
