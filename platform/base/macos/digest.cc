#define __STDC_WANT_LIB_EXT1__ 1  // memset_s()

#include "platform/base/digest.h"

#include <CommonCrypto/CommonDigest.h>
#include <stdlib.h>
#include <string.h>

#include <array>
#include <optional>
#include <string_view>

namespace tallyman::base {
namespace {

// Of the two texts, one after the other.
Sha256Digest Hash(std::string_view first, std::string_view second) {
  Sha256Digest digest;
  CC_SHA256_CTX context;
  if (CC_SHA256_Init(&context) != 1 ||
      CC_SHA256_Update(&context, first.data(),
                       static_cast<CC_LONG>(first.size())) != 1 ||
      CC_SHA256_Update(&context, second.data(),
                       static_cast<CC_LONG>(second.size())) != 1 ||
      CC_SHA256_Final(digest.data(), &context) != 1) {
    abort();
  }
  memset_s(&context, sizeof(context), 0, sizeof(context));
  return digest;
}

template <typename Bytes>
std::string_view TextOf(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Sha256Digest Sha256(std::string_view text) { return Hash(text, ""); }

// RFC 2104, section 2: the headers of macOS that the toolchain has lack
// CommonHMAC.h.
Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  Sha256Digest short_key;
  if (key.size() > CC_SHA256_BLOCK_BYTES) {
    short_key = Sha256(key);
    key = TextOf(short_key);
  }
  std::array<unsigned char, CC_SHA256_BLOCK_BYTES> inner;
  std::array<unsigned char, CC_SHA256_BLOCK_BYTES> outer;
  for (size_t i = 0; i < CC_SHA256_BLOCK_BYTES; ++i) {
    const auto byte =
        static_cast<unsigned char>(i < key.size() ? key[i] : '\0');
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const Sha256Digest digest =
      Hash(TextOf(outer), TextOf(Hash(TextOf(inner), text)));
  memset_s(short_key.data(), short_key.size(), 0, short_key.size());
  memset_s(inner.data(), inner.size(), 0, inner.size());
  memset_s(outer.data(), outer.size(), 0, outer.size());
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
