#include "server/access/client_address.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "server/access/ip_prefix.h"

namespace tallyman::server {
namespace {

constexpr std::string_view kUnixWord = "unix";
constexpr std::string_view kUnixPeer = "unix:";  // Peer::ToString()

// An address with brackets and a port is shorter.
constexpr size_t kMaxNodeBytes = 128;

// RFC 9110, 5.6.3: optional white space.
constexpr std::string_view kBlanks = " \t";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The index of the quote that opens the quoted-string which ends with the quote
// at `closing`; npos if there is none. A quote after an odd number of
// backslashes is part of the string (RFC 9110, 5.6.4).
size_t FindOpeningQuote(std::string_view text, size_t closing) {
  size_t quote = closing;
  while (quote > 0 &&
         (quote = text.rfind('"', quote - 1)) != std::string_view::npos) {
    size_t before = quote;
    while (before > 0 && text[before - 1] == '\\') --before;
    if ((quote - before) % 2 == 0) return quote;
  }
  return std::string_view::npos;
}

// The elements of a list, from the right. What stands left of an element, which
// the client may have written, has no influence on it: a quote that the client
// opens and does not close spoils only its own element.
class ElementsFromRight {
 public:
  ElementsFromRight(absl::Span<const std::string_view> values, bool has_quotes)
      : values_(values), has_quotes_(has_quotes) {}

  // The next element that is not empty (RFC 9110, 5.6.1.2), or nullopt. Ends
  // after kMaxEntries.
  std::optional<std::string_view> Next() {
    while (count_ < TrustedProxies::kMaxEntries) {
      if (!rest_.has_value()) {
        if (values_.empty()) return std::nullopt;
        rest_ = values_.back();
        values_.remove_suffix(1);
      }
      ++count_;
      const std::string_view element = Trim(Pop());
      if (!element.empty()) return element;
    }
    return std::nullopt;
  }

 private:
  // Removes the last element of `rest_`, and the comma before it.
  std::string_view Pop() {
    const std::string_view text = *rest_;
    size_t begin = text.size();
    while (begin > 0 && text[begin - 1] != ',') {
      --begin;
      if (has_quotes_ && text[begin] == '"') {
        const size_t opening = FindOpeningQuote(text, begin);
        begin = opening == std::string_view::npos ? 0 : opening;
      }
    }
    if (begin == 0) {
      rest_ = std::nullopt;
    } else {
      rest_ = text.substr(0, begin - 1);
    }
    return text.substr(begin);
  }

  absl::Span<const std::string_view> values_;
  const bool has_quotes_;
  std::optional<std::string_view> rest_;
  int count_ = 0;
};

// RFC 7239, 6: node-port is digits or an obfuscated port.
bool IsNodePort(std::string_view port) {
  if (absl::ConsumePrefix(&port, "_")) {
    return !port.empty() && absl::c_all_of(port, [](char c) {
      return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
    });
  }
  return !port.empty() && port.size() <= 5 &&
         absl::c_all_of(port, absl::ascii_isdigit);
}

// IPv4, IPv4:port, [IPv6], [IPv6]:port (RFC 7239, 6) or a bare IPv6 address, as
// X-Forwarded-For has it. nullopt: "unknown", an obfuscated node, or garbage.
std::optional<IpAddress> ParseNode(std::string_view node) {
  std::string_view host = node;
  std::string_view after;
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    after = host.substr(end + 1);
    host = host.substr(0, end);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else if (const size_t colon = host.find(':');
             colon != std::string_view::npos && colon == host.rfind(':')) {
    after = host.substr(colon);
    host = host.substr(0, colon);
  }
  if (!after.empty() &&
      !(absl::ConsumePrefix(&after, ":") && IsNodePort(after))) {
    return std::nullopt;
  }
  return IpAddress::Parse(host);
}

std::optional<bool> IsHttps(std::string_view proto) {
  if (absl::EqualsIgnoreCase(proto, "https")) return true;
  if (absl::EqualsIgnoreCase(proto, "http")) return false;
  return std::nullopt;
}

// Removes a token or quoted-string from the beginning of `rest` and returns its
// value. More characters than those of a token are accepted, because proxies
// write for=192.0.2.7:80 without quotes.
std::optional<std::string> ConsumeValue(std::string_view& rest) {
  std::string value;
  if (!absl::ConsumePrefix(&rest, "\"")) {
    value = rest.substr(0, rest.find_first_of("; \t\""));
    rest.remove_prefix(value.size());
    return value;
  }
  while (!rest.empty() && value.size() <= kMaxNodeBytes) {
    char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return value;
    if (c == '\\') {
      if (rest.empty()) break;
      c = rest.front();
      rest.remove_prefix(1);
    }
    value.push_back(c);
  }
  return std::nullopt;
}

// One element of Forwarded: the parameters that matter here.
struct ForwardedElement {
  std::optional<std::string> node;  // for=
  std::optional<std::string> proto;
};

// forwarded-element (RFC 7239, 4); nullopt if malformed. A parameter occurs at
// most once.
std::optional<ForwardedElement> ParseForwardedElement(std::string_view rest) {
  ForwardedElement element;
  while (!rest.empty()) {
    const size_t end = rest.find_first_of("=; \t\"");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(0, end);
    if (!name.empty()) {
      rest.remove_prefix(end);
      if (!absl::ConsumePrefix(&rest, "=")) return std::nullopt;
      std::optional<std::string> value = ConsumeValue(rest);
      if (!value.has_value() || value->size() > kMaxNodeBytes) {
        return std::nullopt;
      }
      std::optional<std::string>* const parameter =
          absl::EqualsIgnoreCase(name, "for")     ? &element.node
          : absl::EqualsIgnoreCase(name, "proto") ? &element.proto
                                                  : nullptr;
      if (parameter != nullptr) {
        if (parameter->has_value()) return std::nullopt;
        *parameter = std::move(value);
      }
    }
    rest = Trim(rest);
    if (!rest.empty() && !absl::ConsumePrefix(&rest, ";")) return std::nullopt;
    rest = Trim(rest);
  }
  return element;
}

// The result of a walk through one header.
struct Walk {
  bool is_present = false;
  // The last believed address; nullopt: the walk ended at the first entry.
  std::optional<IpAddress> client;
  // Of Forwarded only.
  std::optional<bool> is_https;
  // How many entries are right of the one at which the walk ended.
  int depth = 0;
};

Walk WalkForwardedFor(absl::Span<const std::string_view> values,
                      const IpPrefixSet& trusted) {
  Walk walk;
  ElementsFromRight entries(values, /*has_quotes=*/false);
  while (const std::optional<std::string_view> entry = entries.Next()) {
    if (walk.is_present) ++walk.depth;
    walk.is_present = true;
    const std::optional<IpAddress> address = ParseNode(*entry);
    if (!address.has_value()) break;
    walk.client = address;
    if (!trusted.Contains(*address)) break;
  }
  return walk;
}

Walk WalkForwarded(absl::Span<const std::string_view> values,
                   const IpPrefixSet& trusted) {
  Walk walk;
  ElementsFromRight entries(values, /*has_quotes=*/true);
  while (const std::optional<std::string_view> entry = entries.Next()) {
    walk.is_present = true;
    const std::optional<ForwardedElement> element =
        ParseForwardedElement(*entry);
    // Each element has the protocol of its own hop.
    walk.is_https = element.has_value() && element->proto.has_value()
                        ? IsHttps(*element->proto)
                        : std::nullopt;
    if (!element.has_value() || !element->node.has_value()) break;
    const std::optional<IpAddress> address = ParseNode(*element->node);
    if (!address.has_value()) break;
    walk.client = address;
    if (!trusted.Contains(*address)) break;
  }
  return walk;
}

// The protocol in the entry at `depth` from the right, or in the leftmost one:
// some proxies append, most replace or pass on a single value.
std::optional<bool> ForwardedProto(absl::Span<const std::string_view> values,
                                   int depth) {
  std::optional<bool> is_https;
  ElementsFromRight entries(values, /*has_quotes=*/false);
  for (int i = 0; i <= depth; ++i) {
    const std::optional<std::string_view> entry = entries.Next();
    if (!entry.has_value()) break;
    is_https = IsHttps(*entry);
  }
  return is_https;
}

}  // namespace

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(std::string_view list) {
  TrustedProxies proxies;
  std::vector<IpPrefix> prefixes;
  if (Trim(list).empty()) return proxies;
  for (const std::string_view item : absl::StrSplit(list, ',')) {
    if (Trim(item) == kUnixWord) {
      proxies.trusts_unix_ = true;
      continue;
    }
    const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(Trim(item));
    if (!prefix.ok()) return prefix.status();
    prefixes.push_back(*prefix);
  }
  proxies.prefixes_ = IpPrefixSet(prefixes);
  return proxies;
}

bool TrustedProxies::Trusts(std::string_view peer) const {
  if (absl::StartsWith(peer, kUnixPeer)) return trusts_unix_;
  if (prefixes_.empty()) return false;
  const std::optional<IpAddress> address = IpAddress::Parse(peer);
  return address.has_value() && prefixes_.Contains(*address);
}

ClientAddress TrustedProxies::Resolve(std::string_view peer,
                                      const ForwardingHeaders& headers) const {
  ClientAddress result = {.address = std::string(peer)};
  if (!Trusts(peer)) return result;
  const Walk x_forwarded = WalkForwardedFor(headers.x_forwarded_for, prefixes_);
  const Walk forwarded = WalkForwarded(headers.forwarded, prefixes_);
  if (x_forwarded.is_present && forwarded.is_present &&
      x_forwarded.client != forwarded.client) {
    result.is_contradictory = true;
    return result;
  }
  const Walk& walk = forwarded.is_present ? forwarded : x_forwarded;
  if (walk.client.has_value()) result.address = walk.client->ToString();
  result.is_https =
      ForwardedProto(headers.x_forwarded_proto, x_forwarded.depth);
  // https only if no header denies it.
  if (forwarded.is_https.has_value()) {
    result.is_https = *forwarded.is_https && result.is_https.value_or(true);
  }
  return result;
}

}  // namespace tallyman::server
