#include "tally/client/endpoint.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/base/text.h"

namespace tallyman::tally {
namespace {

absl::Status Refuse(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::Quote(text), " is no address of a server: ", reason));
}

// Splits "HOST:PORT", "[IPV6]:PORT" and both without a port.
absl::Status ReadAuthority(std::string_view text, std::string_view authority,
                           ServerUrl& url) {
  std::string_view port;
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return Refuse(text, "\"]\" is missing");
    url.host = authority.substr(0, end);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && !absl::ConsumePrefix(&authority, ":")) {
      return Refuse(text, "after \"]\" only \":PORT\" can follow");
    }
    port = authority;
  } else {
    const size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    if (absl::StrContains(port, ':')) {
      return Refuse(text, "an IPv6 address stands in brackets: [::1]:8880");
    }
  }
  if (url.host.empty()) return Refuse(text, "the host is missing");
  if (port.empty()) return absl::OkStatus();
  if (!absl::SimpleAtoi(port, &url.port) || url.port < 1 || url.port > 65535) {
    return Refuse(text, absl::StrCat("the port ", base::Quote(port),
                                     " is not from 1 to 65535"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ServerUrl::ToString() const {
  if (kind == Kind::kUnix) return absl::StrCat("unix:", host);
  const bool is_ipv6 = absl::StrContains(host, ':');
  return absl::StrCat(kind == Kind::kHttps ? "https://" : "http://",
                      is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", ":", port);
}

absl::StatusOr<ServerUrl> ParseServerUrl(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  if (base::FindControl(text) || absl::StrContains(text, ' ')) {
    return Refuse(text, "it has spaces or control characters");
  }
  if (absl::ConsumePrefix(&rest, "unix:")) {
    url.kind = ServerUrl::Kind::kUnix;
    // unix:///run/x and unix:/run/x are the same.
    if (absl::StartsWith(rest, "//")) rest.remove_prefix(2);
    if (!absl::StartsWith(rest, "/")) {
      return Refuse(text, "the path of a Unix socket begins with \"/\"");
    }
    url.host = rest;
    return url;
  }
  if (absl::ConsumePrefix(&rest, "https://")) {
    url.kind = ServerUrl::Kind::kHttps;
  } else if (!absl::ConsumePrefix(&rest, "http://") &&
             absl::StrContains(rest, "://")) {
    return Refuse(text, "it begins with http://, https:// or unix:");
  }
  absl::ConsumeSuffix(&rest, "/");
  if (absl::StrContains(rest, '@')) {
    return Refuse(text, "a token does not stand in it; see --token-file");
  }
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return Refuse(text, "it ends with the host or the port");
  }
  if (absl::Status read = ReadAuthority(text, rest, url); !read.ok()) {
    return read;
  }
  return url;
}

}  // namespace tallyman::tally
