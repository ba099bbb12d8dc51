#include "server/net/socket_address.h"

#include <optional>
#include <string>

#include "platform/base/ip_text.h"

namespace tallyman::server {
namespace {

constexpr base::Ipv6Bytes kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                       0, 0, 0, 0, 0, 0, 0, 1};

}  // namespace

std::string SocketAddress::IpText() const {
  switch (kind) {
    case Kind::kIpv4:
      return base::IpText(v4);
    case Kind::kIpv6: {
      const std::optional<base::Ipv4Bytes> mapped = base::MappedIpv4(v6);
      return mapped ? base::IpText(*mapped) : base::IpText(v6);
    }
    case Kind::kUnix:
    case Kind::kNone:
      break;
  }
  return "";
}

bool SocketAddress::IsLoopback() const {
  switch (kind) {
    case Kind::kIpv4:
      return v4[0] == 127;
    case Kind::kIpv6: {
      const std::optional<base::Ipv4Bytes> mapped = base::MappedIpv4(v6);
      return mapped ? (*mapped)[0] == 127 : v6 == kLoopback;
    }
    case Kind::kUnix:
      return true;
    case Kind::kNone:
      break;
  }
  return false;
}

}  // namespace tallyman::server
