#include "platform/base/ip_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/inet_text.h"

namespace tallyman::base {
namespace {

template <typename Bytes>
std::optional<Bytes> Parse(const std::string& text) {
  Bytes bytes;
  // inet_pton(3) stops at a 0.
  if (text.find('\0') != std::string::npos ||
      !InetToBytes(bytes.size() == 16, text.c_str(), bytes.data())) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace

std::optional<Ipv4Bytes> ParseIpv4(const std::string& text) {
  return Parse<Ipv4Bytes>(text);
}

std::optional<Ipv6Bytes> ParseIpv6(const std::string& text) {
  return Parse<Ipv6Bytes>(text);
}

std::string IpText(const Ipv4Bytes& bytes) {
  return InetToText(/*is_v6=*/false, bytes.data());
}

std::string IpText(const Ipv6Bytes& bytes) {
  return InetToText(/*is_v6=*/true, bytes.data());
}

std::optional<Ipv4Bytes> MappedIpv4(const Ipv6Bytes& bytes) {
  constexpr std::array<uint8_t, 12> kPrefix = {0, 0, 0, 0, 0,    0,
                                               0, 0, 0, 0, 0xff, 0xff};
  if (!std::equal(kPrefix.begin(), kPrefix.end(), bytes.begin())) {
    return std::nullopt;
  }
  Ipv4Bytes v4;
  std::copy(bytes.begin() + kPrefix.size(), bytes.end(), v4.begin());
  return v4;
}

}  // namespace tallyman::base
