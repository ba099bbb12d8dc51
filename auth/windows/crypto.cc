#include "auth/crypto.h"

#include <windows.h>
// After windows.h, whose types it uses.
#include <bcrypt.h>

#include <cstddef>
#include <cstdlib>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::auth {
namespace {

// Opened once, for the life of the process; null if Windows has no SHA-256.
BCRYPT_ALG_HANDLE Algorithm() {
  static const BCRYPT_ALG_HANDLE kOpened = [] {
    BCRYPT_ALG_HANDLE handle = nullptr;
    const NTSTATUS status = BCryptOpenAlgorithmProvider(
        &handle, BCRYPT_SHA256_ALGORITHM, nullptr, 0);
    return status == 0 ? handle : nullptr;
  }();
  return kOpened;
}

}  // namespace

Sha256Digest Sha256(std::string_view text) {
  Sha256Digest digest;
  BCRYPT_HASH_HANDLE hash = nullptr;
  // BCryptHashData() does not change the text.
  auto* const bytes =
      reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  if (Algorithm() == nullptr ||
      BCryptCreateHash(Algorithm(), &hash, nullptr, 0, nullptr, 0, 0) != 0 ||
      BCryptHashData(hash, bytes, static_cast<ULONG>(text.size()), 0) != 0 ||
      BCryptFinishHash(hash, digest.data(), static_cast<ULONG>(digest.size()),
                       0) != 0) {
    std::abort();
  }
  BCryptDestroyHash(hash);
  return digest;
}

bool RandomBytes(absl::Span<unsigned char> bytes) {
  return BCryptGenRandom(nullptr, bytes.data(),
                         static_cast<ULONG>(bytes.size()),
                         BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0;
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
