// IP addresses as text.

#ifndef TALLYMAN_PLATFORM_BASE_IP_TEXT_H_
#define TALLYMAN_PLATFORM_BASE_IP_TEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace tallyman::base {

// In network byte order.
using Ipv4Bytes = std::array<uint8_t, 4>;
using Ipv6Bytes = std::array<uint8_t, 16>;

// As inet_pton(3): without brackets, port and zone. nullopt for other text. All
// functions are thread-safe.
std::optional<Ipv4Bytes> ParseIpv4(const std::string& text);
std::optional<Ipv6Bytes> ParseIpv6(const std::string& text);

// "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7" (inet_ntop(3)).
std::string IpText(const Ipv4Bytes& bytes);
std::string IpText(const Ipv6Bytes& bytes);

// The address a.b.c.d of ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2); nullopt
// for others.
std::optional<Ipv4Bytes> MappedIpv4(const Ipv6Bytes& bytes);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_IP_TEXT_H_
