// Sessions: a token's holder signs in once, and two values stand in for the
// token from then on.
//
// A browser keeps one value in a cookie and sends the other one by itself. Both
// are needed: cookies ignore ports (RFC 6265, section 8.5), so every service of
// the machine gets the first one.
//
// Example: auth/session_example_test.cc

#ifndef TALLYMAN_AUTH_SESSION_H_
#define TALLYMAN_AUTH_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "auth/secret.h"
#include "auth/token.h"

namespace tallyman::auth {

// The size of each of the two values: 32 random bytes in base64url (RFC 4648,
// section 5) without padding.
inline constexpr size_t kSessionValueSize = 43;

// Longer texts of a client are cut.
inline constexpr size_t kMaxUserAgentBytes = 256;

struct SessionLimits {
  // A session ends when it was not used for this long. Whole seconds.
  absl::Duration idle = absl::Hours(24);
  // A session ends this long after its sign-in. Whole seconds.
  absl::Duration lifetime = absl::Hours(24 * 30);
  // Sessions of a token, and of all tokens; at least 1. A further one replaces
  // the one that was used least recently.
  size_t max_per_token = 100;
  size_t max_in_all = 1000;
};

// For people: where a session was begun.
struct SessionOrigin {
  std::string user_agent;  // As the client names itself; any text.
  std::string address;     // An IP address.
};

// A session at one moment. Times are whole seconds.
struct Session {
  int64_t id = 0;  // From 1; never reused.
  Token token;
  absl::Time created_at = absl::UnixEpoch();
  absl::Time last_used_at = absl::UnixEpoch();
  // The first moments at which it is refused: however it is used, and if it is
  // not used again. The former is not after the end of the token.
  absl::Time expires_at = absl::UnixEpoch();
  absl::Time idle_expires_at = absl::UnixEpoch();
  SessionOrigin origin;  // Valid UTF-8, the user agent at most 256 bytes.
};

// A new session and its values, which are available only here.
struct NewSession {
  Session session;
  Secret cookie;
  Secret key;
  // The sessions that made room for it.
  std::vector<Session> replaced;
};

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SESSION_H_
