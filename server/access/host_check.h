// The Host header: its syntax, and the names that the server answers to.
//
//   absl::StatusOr<HostCheck> check = HostCheck::Create(
//       "tallyman.example.com, .internal.example.com",
//       /*own_names=*/{"build7"});
//   if (!IsValidHost(host)) { ... 400 (Bad Request) ... }
//   if (!check->Allows(host)) { ... 421 (Misdirected Request) ... }
//
// The check stops DNS rebinding: the owner of evil.example changes its address
// to 127.0.0.1 while its page is open in a browser on this machine, and the
// browser then lets the page read what this server answers, because the origin
// is the same. The page cannot change Host, which still is evil.example.
//
// An IP address in Host is allowed: the name in the URL of such a page is one
// that its owner points elsewhere, and nobody can do that with an address.
// localhost and names below it never leave the machine (RFC 6761, 6.3), so
// nobody can register one. Vite has the same rules since
// CVE-2025-24010 (GHSA-vg6x-rcgg-rjx6).

#ifndef TALLYMAN_SERVER_ACCESS_HOST_CHECK_H_
#define TALLYMAN_SERVER_ACCESS_HOST_CHECK_H_

#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tallyman::server {

// Whether `value` is uri-host [ ":" port ] (RFC 9110, 7.2; RFC 3986, 3.2.2 and
// 3.2.3): a name, an IPv4 address or a literal in brackets, then a port up to
// 65535, which may be empty. "" is valid: the client has no authority (RFC
// 9112, 3.2). ":80" is not: an http URI has a host (RFC 9110, 4.2.1). Zone ids
// are not valid (RFC 3986 has none).
bool IsValidHost(std::string_view value);

// The names that the server answers to. Immutable, so thread-safe.
class HostCheck {
 public:
  // `allowed_hosts` is the flag --allowed_hosts, names separated by commas:
  // "*" allows every host, ".example.com" is example.com and all names below
  // it; addresses may be listed, to no effect. "" adds nothing to what is
  // always allowed. `own_names` are the names of
  // this machine and those of --listen; addresses and invalid names among them
  // have no effect.
  //
  // An error (InvalidArgument) quotes the item of `allowed_hosts`.
  static absl::StatusOr<HostCheck> Create(
      std::string_view allowed_hosts,
      absl::Span<const std::string> own_names = {});

  // Whether the server answers a request with this value of Host: true for IP
  // addresses, localhost, *.localhost, own and listed names, and for "", which
  // no page of a browser can send. Upper and lower case, one dot at the end and
  // the port make no difference. False if the value is not valid, unless every
  // host is allowed.
  bool Allows(std::string_view host) const;

 private:
  HostCheck() = default;

  absl::Status Add(std::string_view item);

  bool allows_all_ = false;
  // In lower case, without the dot at the end.
  absl::flat_hash_set<std::string> names_;
  absl::flat_hash_set<std::string> parents_;  // Of ".example.com": example.com.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ACCESS_HOST_CHECK_H_
