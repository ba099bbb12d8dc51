#include "platform/base/digest.h"

#include <windows.h>
// After windows.h, whose types it uses.
#include <bcrypt.h>

#include <cstdlib>
#include <optional>
#include <string_view>

namespace tallyman::base {
namespace {

// Null if Windows does not have it.
BCRYPT_ALG_HANDLE Open(const wchar_t* algorithm, ULONG flags = 0) {
  BCRYPT_ALG_HANDLE handle = nullptr;
  return BCryptOpenAlgorithmProvider(&handle, algorithm, nullptr, flags) == 0
             ? handle
             : nullptr;
}

// The functions of BCrypt do not change the text.
unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
}

// False if `algorithm` is null, or without memory. `key`: for an algorithm that
// was opened for HMAC.
template <typename Digest>
bool Hash(BCRYPT_ALG_HANDLE algorithm, std::string_view key,
          std::string_view text, Digest& digest) {
  BCRYPT_HASH_HANDLE hash = nullptr;
  if (algorithm == nullptr ||
      BCryptCreateHash(algorithm, &hash, nullptr, 0, BytesOf(key),
                       static_cast<ULONG>(key.size()), 0) != 0) {
    return false;
  }
  const bool is_done =
      BCryptHashData(hash, BytesOf(text), static_cast<ULONG>(text.size()), 0) ==
          0 &&
      BCryptFinishHash(hash, digest.data(), static_cast<ULONG>(digest.size()),
                       0) == 0;
  BCryptDestroyHash(hash);
  return is_done;
}

}  // namespace

Sha256Digest Sha256(std::string_view text) {
  // Open for the life of the process.
  static const BCRYPT_ALG_HANDLE kAlgorithm = Open(BCRYPT_SHA256_ALGORITHM);
  Sha256Digest digest;
  if (!Hash(kAlgorithm, "", text, digest)) std::abort();
  return digest;
}

Sha256Digest HmacSha256(std::string_view key, std::string_view text) {
  static const BCRYPT_ALG_HANDLE kAlgorithm =
      Open(BCRYPT_SHA256_ALGORITHM, BCRYPT_ALG_HANDLE_HMAC_FLAG);
  Sha256Digest digest;
  if (!Hash(kAlgorithm, key, text, digest)) std::abort();
  return digest;
}

std::optional<Md5Digest> Md5(std::string_view text) {
  static const BCRYPT_ALG_HANDLE kAlgorithm = Open(BCRYPT_MD5_ALGORITHM);
  Md5Digest digest;
  if (!Hash(kAlgorithm, "", text, digest)) return std::nullopt;
  return digest;
}

}  // namespace tallyman::base
