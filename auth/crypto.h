// What this package needs of cryptography, from the library that the system
// has: OpenSSL on Linux, BCrypt on Windows, CommonCrypto on macOS.

#ifndef TALLYMAN_AUTH_CRYPTO_H_
#define TALLYMAN_AUTH_CRYPTO_H_

#include <cstddef>

#include "absl/types/span.h"

namespace tallyman::auth {

// All functions are thread-safe.

// Fills `bytes`, fit for keys and tokens. False if the generator failed.
bool RandomBytes(absl::Span<unsigned char> bytes);

// Overwrites the bytes; the compiler does not remove it.
void Cleanse(void* bytes, size_t size);

// Compares `size` bytes in a time that does not depend on their values.
bool EqualInConstantTime(const void* a, const void* b, size_t size);

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_CRYPTO_H_
