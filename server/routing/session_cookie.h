// Sessions in requests and answers: the cookie with one half, the header with
// the other half, and the pages that may use them.

#ifndef TALLYMAN_SERVER_ROUTING_SESSION_COOKIE_H_
#define TALLYMAN_SERVER_ROUTING_SESSION_COOKIE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "auth/secret.h"

namespace tallyman::server {

// The header with the session's key. Pages keep the key in sessionStorage,
// which belongs to one origin, port included.
inline constexpr std::string_view kSessionKeyHeader = "X-Tallyman-Session";

// The cookie of this server's sessions. Immutable, so thread-safe.
//
// Over https its name begins with "__Host-": browsers then take it only from
// this host, over https, for all paths (draft-ietf-httpbis-rfc6265bis, section
// 4.1.3.2).
class SessionCookie {
 public:
  // `label` tells this server from others on other ports of the same host,
  // which get each other's cookies: letters and digits.
  explicit SessionCookie(std::string_view label);

  const std::string& Name(bool is_https) const {
    return is_https ? https_name_ : name_;
  }

  // The cookie of `request`, not checked; empty if it has none, or several
  // different ones.
  auth::Secret Find(const api::Request& request, bool is_https) const;

  // Values of Set-Cookie: one that keeps `value` until the browser ends, and
  // one that removes the cookie.
  std::string Set(const auth::Secret& value, bool is_https) const;
  std::string Clear(bool is_https) const;

 private:
  std::string Attributes(bool is_https) const;

  std::string name_;
  std::string https_name_;
};

// Both halves of a session. Not checked: they may have any bytes.
struct PresentedSession {
  auth::Secret cookie;
  auth::Secret key;
};

// The session that `request` presents: nullopt if it has neither half.
// Unauthenticated says why one does not count: a half is missing, there are
// several cookies, or the request is not of this server's own page. No message
// has any part of the halves. `is_https`: so is the connection of the client.
// Thread-safe.
std::optional<absl::StatusOr<PresentedSession>> FindSession(
    const api::Request& request, const SessionCookie& cookie, bool is_https);

// Unauthenticated unless a page of this very origin sent `request`, or no page:
// Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) must be same-origin,
// which browsers send over https and to loopback; without it Origin must name
// the Host. `needs_proof`: without both it is refused, too. Browsers send
// Origin with each request other than GET and HEAD.
absl::Status CheckSameOrigin(const api::Request& request, bool needs_proof);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_SESSION_COOKIE_H_
