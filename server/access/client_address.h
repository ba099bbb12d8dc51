// Who sends a request, when proxies are in between.
//
//   absl::StatusOr<TrustedProxies> proxies =
//       TrustedProxies::Parse("10.0.0.0/8, unix");
//   ClientAddress client = proxies->Resolve(
//       "10.0.0.1", {.x_forwarded_for = {"192.0.2.7, 10.0.0.2"},
//                    .x_forwarded_proto = {"https"}});
//   // client.address == "192.0.2.7", client.is_https == true
//
// A header has what its sender wants, so only a trusted proxy is believed, and
// only about its own neighbour. Each proxy appends the address that it received
// the request from, so the walk begins at the right, with the entry of the
// peer, and goes on as long as the entry is the address of a trusted proxy. The
// first other address is the client. Entries further left are never believed.
//
// An entry that is no address ends the walk at the last believed address, which
// is that of a trusted proxy: garbage, "unknown" and obfuscated identifiers
// ("_hidden"; RFC 7239, 6.2 and 6.3).
//
// Both Forwarded and X-Forwarded-For: a proxy usually writes one of the two and
// passes the other on as the client sent it, and nothing shows which. So no
// preference is safe. If both lead to the same address it is believed; if not,
// neither is, and the address is that of the peer (`is_contradictory`). A proxy
// should remove the header that it does not write.

#ifndef TALLYMAN_SERVER_ACCESS_CLIENT_ADDRESS_H_
#define TALLYMAN_SERVER_ACCESS_CLIENT_ADDRESS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {

// The values of the headers of one request, each in the order of the request:
// a header that occurs twice is a list in two parts (RFC 9110, 5.3).
struct ForwardingHeaders {
  absl::Span<const std::string_view> x_forwarded_for;
  absl::Span<const std::string_view> forwarded;  // RFC 7239
  absl::Span<const std::string_view> x_forwarded_proto;
};

struct ClientAddress {
  // An IP address ("192.0.2.7", "2001:db8::1"), or the text of the peer
  // ("unix:uid=1000").
  std::string address;

  // Whether the client's connection to the outermost trusted proxy is https;
  // nullopt if no trusted proxy says so, then the connection itself decides.
  // X-Forwarded-Proto is as true as the proxies make it: one that passes it on
  // unchanged lets the client choose.
  std::optional<bool> is_https;

  // The headers of a trusted peer name different clients.
  bool is_contradictory = false;
};

// The proxies whose headers are believed. All const functions are thread-safe.
class TrustedProxies {
 public:
  // The most entries that Resolve() looks at in each header, empty ones too. A
  // longer chain of trusted proxies ends the walk.
  static constexpr int kMaxEntries = 32;

  // Trusts no peer.
  TrustedProxies() = default;

  // The flag --trusted_proxies: addresses and prefixes (see IpPrefix) separated
  // by commas; the word "unix" is each peer of a Unix socket. "" trusts no
  // peer. An error (InvalidArgument) quotes the item.
  static absl::StatusOr<TrustedProxies> Parse(std::string_view list);

  // `peer` is the text of Peer::ToString() (server/net/peer.h).
  bool Trusts(std::string_view peer) const;

  // The client of a request that came from `peer`. Linear in the length of the
  // headers at worst, and bounded by kMaxEntries in memory and parsing.
  ClientAddress Resolve(std::string_view peer,
                        const ForwardingHeaders& headers) const;

  const IpPrefixSet& prefixes() const { return prefixes_; }
  bool trusts_unix() const { return trusts_unix_; }

 private:
  IpPrefixSet prefixes_;
  bool trusts_unix_ = false;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ACCESS_CLIENT_ADDRESS_H_
