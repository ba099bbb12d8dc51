// inet_pton(3) and inet_ntop(3), whose headers differ by system.

#ifndef TALLYMAN_PLATFORM_BASE_INET_TEXT_H_
#define TALLYMAN_PLATFORM_BASE_INET_TEXT_H_

#include <cstdint>
#include <string>

namespace tallyman::base {

// Sets the 16 (IPv6) or 4 bytes at `bytes`; false if `text` is no such address.
bool InetToBytes(bool is_v6, const char* text, uint8_t* bytes);
std::string InetToText(bool is_v6, const uint8_t* bytes);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_INET_TEXT_H_
