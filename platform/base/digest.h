// Digests, by the library that the system has: OpenSSL on Linux, BCrypt on
// Windows, CommonCrypto on macOS.

#ifndef TALLYMAN_PLATFORM_BASE_DIGEST_H_
#define TALLYMAN_PLATFORM_BASE_DIGEST_H_

#include <array>
#include <optional>
#include <string_view>

namespace tallyman::base {

// All functions are thread-safe and leave no copy of the text or the key.

using Sha256Digest = std::array<unsigned char, 32>;
using Md5Digest = std::array<unsigned char, 16>;

// FIPS 180-4. Ends the process (abort) if the library has no SHA-256 or no
// memory: there is no safe way to continue.
Sha256Digest Sha256(std::string_view text);

// HMAC-SHA-256 (RFC 2104) of `text`. Ends the process as Sha256() does.
Sha256Digest HmacSha256(std::string_view key, std::string_view text);

// RFC 1321; names a text, and protects nothing. nullopt if the library has no
// MD5.
std::optional<Md5Digest> Md5(std::string_view text);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_DIGEST_H_
