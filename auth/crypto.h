// What this package needs of cryptography, from the library that the system
// has: OpenSSL on Linux, BCrypt on Windows, CommonCrypto on macOS.

#ifndef TALLYMAN_AUTH_CRYPTO_H_
#define TALLYMAN_AUTH_CRYPTO_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace tallyman::auth {

// All functions are thread-safe.

using Sha256Digest = std::array<unsigned char, 32>;

// FIPS 180-4. Leaves no copy of the text. Ends the process (abort) if the
// library has no SHA-256 or no memory: there is no safe way to continue.
Sha256Digest Sha256(std::string_view text);

// Fills `bytes`, fit for keys and tokens. False if the generator failed.
bool RandomBytes(absl::Span<unsigned char> bytes);

// Overwrites the bytes; the compiler does not remove it.
void Cleanse(void* bytes, size_t size);

// Compares `size` bytes in a time that does not depend on their values.
bool EqualInConstantTime(const void* a, const void* b, size_t size);

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_CRYPTO_H_
