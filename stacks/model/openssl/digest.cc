#include "stacks/model/digest.h"

#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace tallyman::stacks {
namespace {

// Fetched once; OpenSSL 3 would search its providers at each use.
const EVP_MD* Md5() {
#ifdef OPENSSL_IS_BORINGSSL
  return EVP_md5();
#else
  // Also on systems that are restricted to algorithms of FIPS 140.
  static const EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "MD5", "-fips");
  return kFetched;
#endif
}

std::string Hex(const EVP_MD* digest, std::string_view text) {
  if (digest == nullptr) return "";
  std::array<char, EVP_MAX_MD_SIZE> bytes;
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(),
                 reinterpret_cast<unsigned char*>(bytes.data()), &size, digest,
                 nullptr) != 1) {
    return "";
  }
  return absl::BytesToHexString(std::string_view(bytes.data(), size));
}

}  // namespace

std::string HexSha256(std::string_view text) { return Hex(EVP_sha256(), text); }

std::string HexMd5(std::string_view text) { return Hex(Md5(), text); }

}  // namespace tallyman::stacks
