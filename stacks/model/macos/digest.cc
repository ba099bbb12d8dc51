#include "stacks/model/digest.h"

#include <CommonCrypto/CommonDigest.h>

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace tallyman::stacks {
namespace {

template <typename Bytes>
std::string Hex(const Bytes& bytes) {
  return absl::BytesToHexString(std::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

std::string HexSha256(std::string_view text) {
  std::array<unsigned char, CC_SHA256_DIGEST_LENGTH> digest;
  CC_SHA256(text.data(), static_cast<CC_LONG>(text.size()), digest.data());
  return Hex(digest);
}

std::string HexMd5(std::string_view text) {
  std::array<unsigned char, CC_MD5_DIGEST_LENGTH> digest;
// Deprecated as a protection, which it is not here.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  CC_MD5(text.data(), static_cast<CC_LONG>(text.size()), digest.data());
#pragma clang diagnostic pop
  return Hex(digest);
}

}  // namespace tallyman::stacks
