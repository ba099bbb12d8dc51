#include "auth/crypto.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstddef>

#include "absl/types/span.h"

namespace tallyman::auth {
bool RandomBytes(absl::Span<unsigned char> bytes) {
  return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
}

void Cleanse(void* bytes, size_t size) { OPENSSL_cleanse(bytes, size); }

bool EqualInConstantTime(const void* a, const void* b, size_t size) {
  return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}

}  // namespace tallyman::auth
