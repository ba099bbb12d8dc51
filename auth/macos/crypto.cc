#define __STDC_WANT_LIB_EXT1__ 1  // memset_s()

#include "auth/crypto.h"

#include <string.h>

#include <cstddef>

#include "absl/types/span.h"
#include "platform/base/random_bytes.h"

namespace tallyman::auth {

bool RandomBytes(absl::Span<unsigned char> bytes) {
  base::FillRandom(bytes);
  return true;
}

void Cleanse(void* bytes, size_t size) { memset_s(bytes, size, 0, size); }

bool EqualInConstantTime(const void* a, const void* b, size_t size) {
  return timingsafe_bcmp(a, b, size) == 0;
}

}  // namespace tallyman::auth
