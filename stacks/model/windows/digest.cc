#include "stacks/model/digest.h"

#include <windows.h>
// After windows.h, whose types it uses.
#include <bcrypt.h>

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace tallyman::stacks {
namespace {

std::string Hex(const wchar_t* algorithm, size_t size, std::string_view text) {
  BCRYPT_ALG_HANDLE provider = nullptr;
  if (BCryptOpenAlgorithmProvider(&provider, algorithm, nullptr, 0) != 0) {
    return "";
  }
  BCRYPT_HASH_HANDLE hash = nullptr;
  std::string digest(size, '\0');
  // BCryptHashData() does not change the text.
  auto* const bytes =
      reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  const bool is_done =
      BCryptCreateHash(provider, &hash, nullptr, 0, nullptr, 0, 0) == 0 &&
      BCryptHashData(hash, bytes, static_cast<ULONG>(text.size()), 0) == 0 &&
      BCryptFinishHash(hash, reinterpret_cast<unsigned char*>(digest.data()),
                       static_cast<ULONG>(digest.size()), 0) == 0;
  if (hash != nullptr) BCryptDestroyHash(hash);
  BCryptCloseAlgorithmProvider(provider, 0);
  return is_done ? absl::BytesToHexString(digest) : "";
}

}  // namespace

std::string HexSha256(std::string_view text) {
  return Hex(BCRYPT_SHA256_ALGORITHM, 32, text);
}

std::string HexMd5(std::string_view text) {
  return Hex(BCRYPT_MD5_ALGORITHM, 16, text);
}

}  // namespace tallyman::stacks
