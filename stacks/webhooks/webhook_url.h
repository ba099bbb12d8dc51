// The URL of a webhook, and the list of hosts to which the operator allows
// deliveries.
//
//   absl::StatusOr<WebhookHosts> hosts =
//       WebhookHosts::Parse({"hooks.example.com", "http://10.0.0.5:9000"});
//   absl::StatusOr<WebhookUrl> url =
//       ParseWebhookUrl("https://hooks.example.com/tallyman");
//   if (hosts->Allows(*url) && hosts->AllowsAddress(*url, address)) { ... }

#ifndef TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_URL_H_
#define TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_URL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tallyman::stacks {

struct WebhookUrl {
  bool is_https = true;
  // In lower case. An address is without brackets, in the form of inet_ntop(3).
  std::string host;
  int port = 443;
  std::string target;  // Path and query: "/", "/hook?to=ops".
};

// Reads an absolute URL of the scheme https or http: visible ASCII, no user, no
// fragment. InvalidArgument says what is wrong, and does not quote the URL:
// paths of URLs can be secret.
absl::StatusOr<WebhookUrl> ParseWebhookUrl(std::string_view text);

// The address as inet_ntop(3) writes it, an IPv4-mapped IPv6 address as the
// IPv4 address; nullopt for other text, also for "127.1" and "0x7f000001".
std::optional<std::string> CanonicalAddress(std::string_view text);

// True for addresses of the public internet; false for those of this machine,
// of private networks, of multicast and other special uses (RFC 6890), and for
// text that is no address.
bool IsPublicAddress(const std::string& canonical);

// A value. Thread-safe.
class WebhookHosts {
 public:
  // No host.
  WebhookHosts() = default;

  // Entries are [http://]HOST[:PORT], HOST a name or an address (IPv6 in
  // brackets). Without a port all ports are allowed. https is always allowed,
  // http only with "http://". InvalidArgument quotes the wrong entry.
  static absl::StatusOr<WebhookHosts> Parse(
      const std::vector<std::string>& entries);

  bool empty() const { return entries_.empty(); }

  bool Allows(const WebhookUrl& url) const;

  // Whether `url`, which Allows(), may be fetched from this address of its
  // host. An address that is not public must be in the list itself.
  bool AllowsAddress(const WebhookUrl& url, const std::string& canonical) const;

 private:
  struct Entry {
    std::string host;
    int port = 0;  // 0: any.
    bool allows_http = false;
  };
  bool Has(std::string_view host, const WebhookUrl& url) const;

  std::vector<Entry> entries_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_WEBHOOKS_WEBHOOK_URL_H_
