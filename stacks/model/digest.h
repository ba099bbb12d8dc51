// Digests in hex, by the library that the system has: OpenSSL, BCrypt or
// CommonCrypto.

#ifndef TALLYMAN_STACKS_MODEL_DIGEST_H_
#define TALLYMAN_STACKS_MODEL_DIGEST_H_

#include <string>
#include <string_view>

namespace tallyman::stacks {

// "" if the library has no such digest. Thread-safe.
std::string HexSha256(std::string_view text);

// MD5 protects nothing here: it names a text (RFC 1321).
std::string HexMd5(std::string_view text);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_MODEL_DIGEST_H_
