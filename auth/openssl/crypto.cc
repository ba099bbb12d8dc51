#include "auth/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::auth {
namespace {

// Fetched once; OpenSSL 3 would search its providers at each use.
const EVP_MD* Algorithm() {
#ifdef OPENSSL_IS_BORINGSSL
  return EVP_sha256();
#else
  static const EVP_MD* const kFetched =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);
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

}  // namespace

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest;
  unsigned int size = 0;
  EVP_MD_CTX* const context = HashContext();
  if (context == nullptr ||
      EVP_DigestInit_ex(context, Algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context, text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.data(), &size) != 1 ||
      size != digest.size()) {
    std::abort();
  }
  return digest;
}

bool RandomBytes(absl::Span<unsigned char> bytes) {
  return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
}

void Cleanse(void* bytes, size_t size) { OPENSSL_cleanse(bytes, size); }

bool EqualInConstantTime(const void* a, const void* b, size_t size) {
  return size == 0 || CRYPTO_memcmp(a, b, size) == 0;
}

}  // namespace tallyman::auth
