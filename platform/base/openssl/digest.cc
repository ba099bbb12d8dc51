#include "platform/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

namespace tallyman::base {
namespace {

// Each is fetched once; OpenSSL 3 would search its providers at each use.
const EVP_MD* Sha256Algorithm() {
#ifdef OPENSSL_IS_BORINGSSL
  return EVP_sha256();
#else
  static const EVP_MD* const kFetched =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kFetched;
#endif
}

const EVP_MD* Md5Algorithm() {
#ifdef OPENSSL_IS_BORINGSSL
  return EVP_md5();
#else
  // Also on systems that are restricted to algorithms of FIPS 140.
  static const EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "MD5", "-fips");
  return kFetched;
#endif
}

// Created once for each thread, because that costs more than hashing a token.
// OpenSSL overwrites the buffer when it finishes a hash, so no text stays in
// it.
EVP_MD_CTX* HashContext() {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  thread_local std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context.get();
}

// False if `algorithm` is null, or without memory.
template <typename Digest>
bool Hash(const EVP_MD* algorithm, std::string_view text, Digest& digest) {
  unsigned int size = 0;
  EVP_MD_CTX* const context = HashContext();
  return algorithm != nullptr && context != nullptr &&
         EVP_DigestInit_ex(context, algorithm, nullptr) == 1 &&
         EVP_DigestUpdate(context, text.data(), text.size()) == 1 &&
         EVP_DigestFinal_ex(context, digest.data(), &size) == 1 &&
         size == digest.size();
}

}  // namespace

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest;
  if (!Hash(Sha256Algorithm(), text, digest)) std::abort();
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  Sha256Digest digest;
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(),
           digest.data(), &size) == nullptr ||
      size != digest.size()) {
    std::abort();
  }
  return digest;
}

std::optional<Md5Digest> Md5(std::string_view text) {
  Md5Digest digest;
  if (!Hash(Md5Algorithm(), text, digest)) return std::nullopt;
  return digest;
}

}  // namespace tallyman::base
