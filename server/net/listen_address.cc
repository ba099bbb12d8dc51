#include "server/net/listen_address.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/ip_text.h"
#include "platform/base/text.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kUnix = "unix:";
constexpr int kMaxPort = 65535;

absl::Status Reason(std::string_view reason) {
  return absl::InvalidArgumentError(reason);
}

bool IsIpv4(const std::string& host) {
  return base::ParseIpv4(host).has_value();
}

// Decimal, octal ("017") or hexadecimal ("0x1f").
bool IsNumber(std::string_view label) {
  if (absl::ConsumePrefix(&label, "0x") || absl::ConsumePrefix(&label, "0X")) {
    return absl::c_all_of(label, absl::ascii_isxdigit);
  }
  return !label.empty() && absl::c_all_of(label, absl::ascii_isdigit);
}

// An IPv6 address with a zone (RFC 4007, 11) or not.
bool IsIpv6(std::string_view host) {
  const size_t percent = host.find('%');
  if (percent != std::string_view::npos) {
    const std::string_view zone = host.substr(percent + 1);
    if (zone.empty() || !absl::c_all_of(zone, [](char c) {
          return absl::ascii_isgraph(c) && c != '/' && c != '%';
        })) {
      return false;
    }
  }
  return base::ParseIpv6(std::string(host.substr(0, percent))).has_value();
}

absl::Status ParsePort(std::string_view text, int& port) {
  if (text.empty() || text.size() > 5 ||
      !absl::c_all_of(text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &port) || port > kMaxPort) {
    return Reason(absl::StrCat("the port ", base::Quote(text),
                               " is not a number from 0 to 65535"));
  }
  return absl::OkStatus();
}

// A name or an IPv4 address.
absl::Status CheckHost(const std::string& host) {
  if (host.empty() || host == "*") {
    return Reason(
        "there is no host; to listen on every address write 0.0.0.0, or :: "
        "with IPv6");
  }
  if (!absl::c_all_of(host, [](char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
      })) {
    return Reason(
        absl::StrCat(base::Quote(host), " is not a host name or address"));
  }
  if (absl::c_all_of(host, absl::ascii_isdigit)) {
    return Reason("a number alone is no host; write HOST:PORT");
  }
  // getaddrinfo(3) takes "127.1" and "0x7f.1" for addresses (inet_aton(3)),
  // which surprises more than it helps. No top-level domain is a number.
  const std::string_view labels = host;
  if (IsNumber(labels.substr(labels.rfind('.') + 1)) && !IsIpv4(host)) {
    return Reason(absl::StrCat(base::Quote(host), " is not an IPv4 address"));
  }
  return absl::OkStatus();
}

// Sets host and port.
absl::Status ParseTcp(std::string_view text, ListenAddress& address) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Reason("a \"]\" is missing");
    address.host = text.substr(0, end);
    if (!IsIpv6(address.host)) {
      return Reason(
          absl::StrCat(base::Quote(address.host), " is not an IPv6 address"));
    }
    text.remove_prefix(end + 1);
    if (text.empty()) return absl::OkStatus();
    if (!absl::ConsumePrefix(&text, ":")) {
      return Reason("after \"]\" only :PORT may follow");
    }
    return ParsePort(text, address.port);
  }
  const size_t colon = text.find(':');
  if (colon != text.rfind(':')) {
    address.host = text;
    if (IsIpv6(text)) return absl::OkStatus();
    return Reason(
        "this is not an IPv6 address; one with a port is written "
        "[ADDRESS]:PORT");
  }
  address.host = text.substr(0, colon);
  if (absl::Status valid = CheckHost(address.host); !valid.ok()) return valid;
  if (colon == std::string_view::npos) return absl::OkStatus();
  return ParsePort(text.substr(colon + 1), address.port);
}

absl::Status ParseItem(std::string_view text, ListenAddress& address) {
  if (absl::StartsWithIgnoreCase(text, kHttps)) {
    address.tls = true;
    text.remove_prefix(kHttps.size());
  } else if (absl::StartsWithIgnoreCase(text, kHttp)) {
    address.tls = false;
    text.remove_prefix(kHttp.size());
  }
  if (absl::ConsumePrefix(&text, kUnix)) {
    address.kind = ListenAddress::Kind::kUnix;
    address.port = 0;
    address.path = text;
    if (absl::StartsWith(text, "//")) {
      return Reason("a path begins with one slash: unix:/run/tallyman.sock");
    }
    return CheckUnixPath(text);
  }
  if (absl::StrContains(text, "://")) {
    return Reason("the scheme is neither http nor https");
  }
  if (absl::StrContains(text, '/')) {
    return Reason("only a Unix socket has a path: unix:/run/tallyman.sock");
  }
  return ParseTcp(text, address);
}

// "127.0.0.1:8880", "[::1]:8443".
std::string HostAndPort(const ListenAddress& address) {
  const bool is_ipv6 = absl::StrContains(address.host, ':');
  return absl::StrCat(is_ipv6 ? "[" : "", address.host, is_ipv6 ? "]" : "", ":",
                      address.port);
}

}  // namespace

std::string ListenAddress::Url() const {
  const bool is_https = tls.value_or(false);
  if (kind == Kind::kUnix) {
    return absl::StrCat(is_https ? kHttps : "", kUnix, path);
  }
  return absl::StrCat(is_https ? kHttps : kHttp, HostAndPort(*this));
}

std::string ListenAddress::ToString() const {
  const std::string_view scheme = !tls.has_value() ? "" : *tls ? kHttps : kHttp;
  return kind == Kind::kUnix ? absl::StrCat(scheme, kUnix, path)
                             : absl::StrCat(scheme, HostAndPort(*this));
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view item,
                                                 int default_port) {
  ListenAddress address = {.port = default_port};
  const absl::Status parsed = ParseItem(item, address);
  if (parsed.ok()) return address;
  return absl::InvalidArgumentError(
      absl::StrCat(base::Quote(item), ": ", parsed.message()));
}

absl::Status CheckUnixPath(std::string_view path) {
  if (path.empty()) return Reason("the path is empty");
  if (path.front() == '@' || path.front() == '\0') {
    return Reason(
        "abstract sockets are not supported: they have no permissions; a file "
        "whose name begins with @ is written ./@NAME");
  }
  if (path.find('\0') != std::string_view::npos) {
    return Reason("the path contains a zero byte");
  }
  if (path.back() == '/') return Reason("the path is that of a directory");
  if (path.size() > kMaxUnixPathBytes) {
    return Reason(absl::StrCat("the path has ", path.size(),
                               " bytes, and that of a Unix socket at most ",
                               kMaxUnixPathBytes));
  }
  return absl::OkStatus();
}

}  // namespace tallyman::server
