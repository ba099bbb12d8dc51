// X-Forwarded-For and Forwarded of a trusted and of another peer, the Host
// header.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "server/access/client_address.h"
#include "server/access/host_check.h"
#include "server/access/ip_prefix.h"
#include "tools/fuzz/input.h"

namespace tallyman::server {
namespace {

void CheckClient(const TrustedProxies& proxies,
                 const ForwardingHeaders& headers) {
  for (const std::string_view peer : {"10.0.0.1", "192.0.2.9", "unix:uid=7"}) {
    const ClientAddress client = proxies.Resolve(peer, headers);
    if (!proxies.Trusts(peer)) {
      CHECK_EQ(client.address, peer);
      CHECK(!client.is_https.has_value());
      continue;
    }
    // Another client than the peer is an address that was written in full.
    if (client.address == peer) continue;
    const std::optional<IpAddress> address = IpAddress::Parse(client.address);
    CHECK(address.has_value()) << client.address;
    CHECK_EQ(address->ToString(), client.address);
    CHECK(!client.is_contradictory);
  }
}

void CheckHost(const HostCheck& hosts, std::string_view host) {
  if (!hosts.Allows(host)) return;
  CHECK(IsValidHost(host)) << host;
}

}  // namespace
}  // namespace tallyman::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tallyman::server::HostCheck;
  using tallyman::server::TrustedProxies;
  static const TrustedProxies& proxies = *new TrustedProxies(
      TrustedProxies::Parse("10.0.0.0/8, 2001:db8::/32, unix").value());
  static const HostCheck& hosts =
      *new HostCheck(HostCheck::Create("a.example,.b.example").value());
  tallyman::fuzz::Input input(data, size);
  const std::string_view first = input.TakeLine();
  const std::string_view second = input.TakeLine();
  const std::string_view forwarded = input.TakeLine();
  const std::string_view proto = input.TakeLine();
  const std::vector<std::string_view> x_forwarded_for = {first, second};
  tallyman::server::CheckClient(proxies, {.x_forwarded_for = x_forwarded_for,
                                          .forwarded = {&forwarded, 1},
                                          .x_forwarded_proto = {&proto, 1}});
  tallyman::server::CheckClient(proxies, {.x_forwarded_for = x_forwarded_for,
                                          .forwarded = {},
                                          .x_forwarded_proto = {&proto, 1}});
  tallyman::server::CheckClient(proxies, {.x_forwarded_for = {},
                                          .forwarded = {&forwarded, 1},
                                          .x_forwarded_proto = {}});
  tallyman::server::CheckHost(hosts, input.rest());
  return 0;
}
