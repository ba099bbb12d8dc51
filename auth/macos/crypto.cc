#define __STDC_WANT_LIB_EXT1__ 1  // memset_s()

#include "auth/crypto.h"

#include <CommonCrypto/CommonDigest.h>
#include <stdlib.h>
#include <string.h>

#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::auth {

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest;
  CC_SHA256_CTX context;
  if (CC_SHA256_Init(&context) != 1 ||
      CC_SHA256_Update(&context, text.data(),
                       static_cast<CC_LONG>(text.size())) != 1 ||
      CC_SHA256_Final(digest.data(), &context) != 1) {
    abort();
  }
  Cleanse(&context, sizeof(context));
  return digest;
}

bool RandomBytes(absl::Span<unsigned char> bytes) {
  arc4random_buf(bytes.data(), bytes.size());
  return true;
}

void Cleanse(void* bytes, size_t size) { memset_s(bytes, size, 0, size); }

bool EqualInConstantTime(const void* a, const void* b, size_t size) {
  return timingsafe_bcmp(a, b, size) == 0;
}

}  // namespace tallyman::auth
