// A server that tally talks to: its address, and what proves who asks.

#ifndef TALLYMAN_TALLY_CLIENT_ENDPOINT_H_
#define TALLYMAN_TALLY_CLIENT_ENDPOINT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/secret.h"

namespace tallyman::tally {

// The address of a server. A value type.
struct ServerUrl {
  enum class Kind { kHttp, kHttps, kUnix };

  Kind kind = Kind::kHttp;
  std::string host;  // Without brackets; the path of a Unix socket.
  int port = 8880;   // Not of a Unix socket.

  // "http://127.0.0.1:8880", "unix:/run/tallyman.sock".
  std::string ToString() const;
};

// Reads "http://HOST[:PORT]", "https://HOST[:PORT]", "HOST[:PORT]" (http) or
// "unix:PATH". Without a port it is 8880, also for https. InvalidArgument
// quotes the text and says what is wrong; a path, a query or a user in the URL
// is refused.
absl::StatusOr<ServerUrl> ParseServerUrl(std::string_view text);

// Credentials of OAuth 2.0 (RFC 6749, section 4.4).
struct ClientCredentials {
  std::string id;
  auth::Secret secret;
};

struct Endpoint {
  ServerUrl url;
  auth::Secret token;  // Empty: `client`, or none.
  std::optional<ClientCredentials> client = std::nullopt;
  std::string ca_file = {};  // "": the authorities of the system.
  // Where the tokens that `client` fetches are kept; see token_cache.h. "":
  // nowhere.
  std::string token_cache_file = {};
  // Where it was found, for messages: "--url", "context \"prod\"",
  // "/var/lib/tallyman/local_access.json".
  std::string source = {};
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_ENDPOINT_H_
