#include "server/routing/session_cookie.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "auth/secret.h"
#include "platform/base/text.h"
#include "server/routing/cookies.h"

namespace tallyman::server {
namespace {

// "build7:8880" of "http://build7:8880"; "" of "null".
std::string_view HostOfOrigin(std::string_view origin) {
  constexpr std::string_view kMark = "://";
  const size_t mark = origin.find(kMark);
  return mark == std::string_view::npos ? ""
                                        : origin.substr(mark + kMark.size());
}

// Whether they are not all the same.
bool HasTwo(const std::vector<std::string_view>& cookies) {
  return std::adjacent_find(cookies.begin(), cookies.end(),
                            std::not_equal_to<>()) != cookies.end();
}

}  // namespace

SessionCookie::SessionCookie(std::string_view label)
    : name_(absl::StrCat("tallyman_", label)),
      https_name_(absl::StrCat("__Host-", name_)) {}

std::string SessionCookie::Attributes(bool is_https) const {
  return absl::StrCat("; Path=/; HttpOnly; SameSite=Strict",
                      is_https ? "; Secure" : "");
}

auth::Secret SessionCookie::Find(const api::Request& request,
                                 bool is_https) const {
  const std::vector<std::string_view> cookies =
      CookiesNamed(Name(is_https), request);
  return cookies.empty() || HasTwo(cookies) ? auth::Secret()
                                            : auth::Secret(cookies.front());
}

std::string SessionCookie::Set(const auth::Secret& value, bool is_https) const {
  return absl::StrCat(Name(is_https), "=", value.Reveal(),
                      Attributes(is_https));
}

std::string SessionCookie::Clear(bool is_https) const {
  return absl::StrCat(Name(is_https), "=; Max-Age=0", Attributes(is_https));
}

std::optional<absl::StatusOr<PresentedSession>> FindSession(
    const api::Request& request, const SessionCookie& cookie, bool is_https) {
  const std::vector<std::string_view> cookies =
      CookiesNamed(cookie.Name(is_https), request);
  const std::string_view key = request.Header(kSessionKeyHeader);
  if (cookies.empty() && key.empty()) return std::nullopt;
  if (cookies.empty()) {
    return absl::UnauthenticatedError(
        absl::StrCat("the header ", kSessionKeyHeader,
                     " came without the cookie of its session; sign in again"));
  }
  if (key.empty()) {
    return absl::UnauthenticatedError(
        absl::StrCat("the cookie of a session came without the header ",
                     kSessionKeyHeader, "; sign in again"));
  }
  if (HasTwo(cookies)) {
    return absl::UnauthenticatedError(
        "the request has two cookies of sessions of this server; sign in "
        "again");
  }
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (absl::Status own = CheckSameOrigin(request, /*needs_proof=*/!is_read);
      !own.ok()) {
    return own;
  }
  return PresentedSession{auth::Secret(cookies.front()), auth::Secret(key)};
}

absl::Status CheckSameOrigin(const api::Request& request, bool needs_proof) {
  constexpr std::string_view kRule =
      "; only pages of this server's own address can use a session";
  if (const std::string_view site = request.Header("Sec-Fetch-Site");
      !site.empty()) {
    if (site == "same-origin") return absl::OkStatus();
    return absl::UnauthenticatedError(
        absl::StrCat("Sec-Fetch-Site is ", base::Quote(site), kRule));
  }
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) {
    if (!needs_proof) return absl::OkStatus();
    return absl::UnauthenticatedError(absl::StrCat(
        "the request has neither Sec-Fetch-Site nor Origin", kRule));
  }
  const std::string_view host = request.Header("Host");
  if (!host.empty() && absl::EqualsIgnoreCase(HostOfOrigin(origin), host)) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError(
      absl::StrCat("Origin is ", base::Quote(origin), " and Host ",
                   base::Quote(host), kRule));
}

}  // namespace tallyman::server
