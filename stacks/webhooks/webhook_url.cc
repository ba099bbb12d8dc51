#include "stacks/webhooks/webhook_url.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/ip_text.h"
#include "platform/base/text.h"

namespace tallyman::stacks {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr size_t kMaxHostBytes = 253;  // RFC 1035, section 2.3.4.
constexpr size_t kMaxUrlBytes = 2000;

// The first `length` bits of an address.
struct Ipv4Prefix {
  base::Ipv4Bytes first;
  int length;
};

// RFC 6890, RFC 6598, RFC 5771.
constexpr std::array kSpecialIpv4 = {
    Ipv4Prefix{{0, 0, 0, 0}, 8},      Ipv4Prefix{{10, 0, 0, 0}, 8},
    Ipv4Prefix{{100, 64, 0, 0}, 10},  Ipv4Prefix{{127, 0, 0, 0}, 8},
    Ipv4Prefix{{169, 254, 0, 0}, 16}, Ipv4Prefix{{172, 16, 0, 0}, 12},
    Ipv4Prefix{{192, 0, 0, 0}, 24},   Ipv4Prefix{{192, 0, 2, 0}, 24},
    Ipv4Prefix{{192, 88, 99, 0}, 24}, Ipv4Prefix{{192, 168, 0, 0}, 16},
    Ipv4Prefix{{198, 18, 0, 0}, 15},  Ipv4Prefix{{198, 51, 100, 0}, 24},
    Ipv4Prefix{{203, 0, 113, 0}, 24}, Ipv4Prefix{{224, 0, 0, 0}, 3},
};

uint32_t BitsOf(const base::Ipv4Bytes& bytes) {
  uint32_t bits = 0;
  for (const uint8_t byte : bytes) bits = bits << 8 | byte;
  return bits;
}

bool IsPublic(const base::Ipv4Bytes& address) {
  return std::none_of(
      kSpecialIpv4.begin(), kSpecialIpv4.end(), [&](const Ipv4Prefix& prefix) {
        const int rest = 32 - prefix.length;
        return BitsOf(address) >> rest == BitsOf(prefix.first) >> rest;
      });
}

// Global unicast (2000::/3) without documentation, and without Teredo and 6to4,
// which stand for an IPv4 address.
bool IsPublic(const base::Ipv6Bytes& address) {
  if (address[0] >> 5 != 1) return false;
  const int first = address[0] << 8 | address[1];
  const int second = address[2] << 8 | address[3];
  const bool is_protocol = first == 0x2001 && second < 0x0200;  // 2001::/23
  const bool is_documentation =
      (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
  return !is_protocol && !is_documentation && first != 0x2002;
}

bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  // A last label of digits is an address for some programs: "127.1".
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return last.find_first_not_of("0123456789") != std::string_view::npos &&
         !absl::StartsWith(last, "0x") &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

struct Authority {
  std::string host;
  int port = 0;  // 0: none.
};

// HOST[:PORT].
absl::StatusOr<Authority> ParseAuthority(std::string_view text) {
  Authority authority;
  std::string_view host = text;
  std::string_view port;
  if (absl::StartsWith(text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return absl::InvalidArgumentError("an address without its last bracket");
    }
    const std::optional<base::Ipv6Bytes> address =
        base::ParseIpv6(std::string(text.substr(1, end - 1)));
    if (!address) {
      return absl::InvalidArgumentError("no IPv6 address in the brackets");
    }
    authority.host = *CanonicalAddress(base::IpText(*address));
    port = text.substr(end + 1);
  } else {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
    authority.host = absl::AsciiStrToLower(host);
    if (const auto address = CanonicalAddress(host)) {
      authority.host = *address;
    } else if (!IsHostName(authority.host)) {
      return absl::InvalidArgumentError("the host is no name and no address");
    }
  }
  if (port.empty()) return authority;
  if (!absl::ConsumePrefix(&port, ":") || port.size() > 5 ||
      !std::all_of(port.begin(), port.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(port, &authority.port) || authority.port < 1 ||
      authority.port > 65535) {
    return absl::InvalidArgumentError("the port is not from 1 to 65535");
  }
  return authority;
}

}  // namespace

absl::StatusOr<WebhookUrl> ParseWebhookUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("has more than ", kMaxUrlBytes, " bytes"));
  }
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "has a space or another character that is not visible ASCII");
  }
  WebhookUrl url;
  if (absl::ConsumePrefix(&text, "http://")) {
    url.is_https = false;
    url.port = kHttpPort;
  } else if (!absl::ConsumePrefix(&text, "https://")) {
    return absl::InvalidArgumentError(
        "begins neither with https:// nor http://");
  } else {
    url.port = kHttpsPort;
  }
  if (text.find('#') != std::string_view::npos) {
    return absl::InvalidArgumentError("has a fragment");
  }
  const size_t end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError("has a user or a password");
  }
  absl::StatusOr<Authority> parsed = ParseAuthority(authority);
  if (!parsed.ok()) return parsed.status();
  url.host = std::move(parsed->host);
  if (parsed->port != 0) url.port = parsed->port;
  url.target = std::string(text.substr(end));
  if (!absl::StartsWith(url.target, "/")) url.target.insert(0, "/");
  return url;
}

std::optional<std::string> CanonicalAddress(std::string_view text) {
  const std::string copy(text);
  if (const auto v4 = base::ParseIpv4(copy)) return base::IpText(*v4);
  const auto v6 = base::ParseIpv6(copy);
  if (!v6) return std::nullopt;
  if (const auto mapped = base::MappedIpv4(*v6)) return base::IpText(*mapped);
  return base::IpText(*v6);
}

bool IsPublicAddress(const std::string& canonical) {
  if (const auto v4 = base::ParseIpv4(canonical)) return IsPublic(*v4);
  const auto v6 = base::ParseIpv6(canonical);
  return v6 && IsPublic(*v6);
}

absl::StatusOr<WebhookHosts> WebhookHosts::Parse(
    const std::vector<std::string>& entries) {
  WebhookHosts hosts;
  for (const std::string& text : entries) {
    std::string_view rest = text;
    Entry entry;
    entry.allows_http = absl::ConsumePrefix(&rest, "http://");
    absl::StatusOr<Authority> authority = ParseAuthority(rest);
    if (!authority.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          base::Quote(text),
          " is not [http://]HOST[:PORT]: ", authority.status().message()));
    }
    entry.host = std::move(authority->host);
    entry.port = authority->port;
    hosts.entries_.push_back(std::move(entry));
  }
  return hosts;
}

bool WebhookHosts::Has(std::string_view host, const WebhookUrl& url) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.host == host && (entry.port == 0 || entry.port == url.port) &&
           (url.is_https || entry.allows_http);
  });
}

bool WebhookHosts::Allows(const WebhookUrl& url) const {
  return Has(url.host, url);
}

bool WebhookHosts::AllowsAddress(const WebhookUrl& url,
                                 const std::string& canonical) const {
  return IsPublicAddress(canonical) || Has(canonical, url);
}

}  // namespace tallyman::stacks
