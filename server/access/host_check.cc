#include "server/access/host_check.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "platform/base/text.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {
namespace {

constexpr int kMaxPort = 65535;
constexpr std::string_view kLocalhost = "localhost";

// unreserved and sub-delims (RFC 3986, 2.2 and 2.3).
bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(c) ||
         std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

// reg-name (RFC 3986, 3.2.2) that is not empty. Each IPv4 address is one too.
bool IsName(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !absl::ascii_isxdigit(text[i + 1]) ||
          !absl::ascii_isxdigit(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!IsNameCharacter(text[i])) {
      return false;
    }
  }
  return !text.empty();
}

// IPvFuture (RFC 3986, 3.2.2), without the brackets.
bool IsFutureAddress(std::string_view text) {
  if (text.empty() || absl::ascii_tolower(text.front()) != 'v') return false;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2) return false;
  const std::string_view address = text.substr(dot + 1);
  return absl::c_all_of(text.substr(1, dot - 1), absl::ascii_isxdigit) &&
         !address.empty() && absl::c_all_of(address, [](char c) {
           return c == ':' || IsNameCharacter(c);
         });
}

bool IsIpv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         IpAddress::Parse(text).has_value();
}

// *DIGIT up to kMaxPort.
bool IsPort(std::string_view text) {
  if (!absl::c_all_of(text, absl::ascii_isdigit)) return false;
  int port = 0;
  return text.empty() || (absl::SimpleAtoi(text, &port) && port <= kMaxPort);
}

// The host of a Host value, which is not empty, without brackets and port.
struct Host {
  std::string_view text;
  bool is_literal = false;  // Had brackets.
};

// nullopt if `value` is not valid.
std::optional<Host> ParseHost(std::string_view value) {
  Host host;
  std::string_view port;
  if (absl::ConsumePrefix(&value, "[")) {
    const size_t end = value.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = {.text = value.substr(0, end), .is_literal = true};
    port = value.substr(end + 1);
    if (!IsIpv6(host.text) && !IsFutureAddress(host.text)) return std::nullopt;
  } else {
    const size_t end = value.find(':');
    host.text = value.substr(0, end);
    if (end != std::string_view::npos) port = value.substr(end);
    if (!IsName(host.text)) return std::nullopt;
  }
  if (!port.empty() && !(absl::ConsumePrefix(&port, ":") && IsPort(port))) {
    return std::nullopt;
  }
  return host;
}

// Both sides of a comparison have this form.
std::string Normalized(std::string_view name) {
  absl::ConsumeSuffix(&name, ".");
  return absl::AsciiStrToLower(name);
}

// Whether `name` has the characters of a DNS name, in labels that are not
// empty. "_" occurs in names of machines.
bool IsDnsName(std::string_view name) {
  for (const std::string_view label : absl::StrSplit(name, '.')) {
    if (label.empty() || !absl::c_all_of(label, [](char c) {
          return absl::ascii_isalnum(c) || c == '-' || c == '_';
        })) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool IsValidHost(std::string_view value) {
  return value.empty() || ParseHost(value).has_value();
}

absl::StatusOr<HostCheck> HostCheck::Create(
    std::string_view allowed_hosts, absl::Span<const std::string> own_names) {
  HostCheck check;
  if (!absl::StripAsciiWhitespace(allowed_hosts).empty()) {
    for (const std::string_view item : absl::StrSplit(allowed_hosts, ',')) {
      const absl::Status added = check.Add(absl::StripAsciiWhitespace(item));
      if (!added.ok()) return added;
    }
  }
  for (const std::string& name : own_names) {
    std::string normalized = Normalized(name);
    if (IsDnsName(normalized)) check.names_.insert(std::move(normalized));
  }
  return check;
}

absl::Status HostCheck::Add(std::string_view item) {
  const auto error = [item](std::string_view reason) {
    return absl::InvalidArgumentError(
        absl::StrCat(base::Quote(item), " ", reason));
  };
  if (item == "*") {
    allows_all_ = true;
    return absl::OkStatus();
  }
  if (absl::StartsWith(item, "*.")) {
    return error(absl::StrCat("has a wildcard; write ",
                              base::Quote(item.substr(1)),
                              " for a name and all names below it"));
  }
  // Addresses are always allowed.
  std::string_view address = item;
  if (absl::ConsumePrefix(&address, "[")) absl::ConsumeSuffix(&address, "]");
  if (IpAddress::Parse(address).has_value()) return absl::OkStatus();
  if (absl::StrContains(item, "://")) {
    return error("is a URL; write the name alone");
  }
  if (absl::StrContains(item, ':')) {
    return error("has a port; write the name alone, for all ports");
  }
  std::string_view name = item;
  const bool has_names_below = absl::ConsumePrefix(&name, ".");
  std::string normalized = Normalized(name);
  if (!IsDnsName(normalized)) {
    return error(
        "is not a host name; a name with other letters has a form that begins "
        "with xn--");
  }
  if (has_names_below) parents_.insert(normalized);
  names_.insert(std::move(normalized));
  return absl::OkStatus();
}

bool HostCheck::Allows(std::string_view host) const {
  if (allows_all_ || host.empty()) return true;
  const std::optional<Host> parsed = ParseHost(host);
  if (!parsed.has_value()) return false;
  if (parsed->is_literal) return IsIpv6(parsed->text);
  const std::string name = Normalized(parsed->text);
  if (IpAddress::Parse(name).has_value() || name == kLocalhost ||
      names_.contains(name)) {
    return true;
  }
  // The names above: of a.b.c those are b.c and c.
  std::string_view above = name;
  for (size_t dot = above.find('.'); dot != std::string_view::npos;
       dot = above.find('.')) {
    // ".localhost" has no label before the dot.
    const bool has_label = dot > 0;
    above.remove_prefix(dot + 1);
    if (has_label && (above == kLocalhost || parents_.contains(above))) {
      return true;
    }
  }
  return false;
}

}  // namespace tallyman::server
