#define __STDC_WANT_LIB_EXT1__ 1  // memset_s()

#include "platform/base/digest.h"

#include <CommonCrypto/CommonDigest.h>
#include <CommonCrypto/CommonHMAC.h>
#include <stdlib.h>
#include <string.h>

#include <optional>
#include <string_view>

namespace tallyman::base {

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest;
  CC_SHA256_CTX context;
  if (CC_SHA256_Init(&context) != 1 ||
      CC_SHA256_Update(&context, text.data(),
                       static_cast<CC_LONG>(text.size())) != 1 ||
      CC_SHA256_Final(digest.data(), &context) != 1) {
    abort();
  }
  memset_s(&context, sizeof(context), 0, sizeof(context));
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  Sha256Digest digest;
  CCHmac(kCCHmacAlgSHA256, key.data(), key.size(), text.data(), text.size(),
         digest.data());
  return digest;
}

std::optional<Md5Digest> Md5(std::string_view text) {
  Md5Digest digest;
// Deprecated as a protection, which it is not here.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  CC_MD5(text.data(), static_cast<CC_LONG>(text.size()), digest.data());
#pragma clang diagnostic pop
  return digest;
}

}  // namespace tallyman::base
