// Lets the command-line program `tally` find server and token without being
// told: a file in the data directory, which only the server's user and root can
// read, has the addresses and an admin token.
//
//   absl::Status written = WriteLocalAccess(
//       directory.FilePath(kLocalAccessFile), urls, tokens, authenticator);

#ifndef TALLYMAN_SERVER_LOCAL_ACCESS_H_
#define TALLYMAN_SERVER_LOCAL_ACCESS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "auth/authenticator.h"
#include "auth/token.h"
#include "auth/token_store.h"

namespace tallyman::server {

inline constexpr std::string_view kLocalAccessFile = "local_access.json";

// Whether WriteLocalAccess() has made the token: an admin's, of this name, with
// the highest hourly limit, which no terminal reaches, and without a daily
// limit, an expiry and an OAuth client.
inline constexpr std::string_view kLocalAccessName = "local access";
bool IsLocalAccessToken(const auth::Token& token);

// Writes the file `path` (private_file.h):
//
//   {"version":1,"urls":["http://127.0.0.1:8880"],"token":"tly_...","pid":7}
//
// `urls` are App::Urls(), with the paths of Unix sockets made absolute, `pid`
// is this process. The token of an earlier file is kept if it is still a valid
// token for local access, else a new one is made. All other tokens for local
// access, whose values are in no file any more, are revoked. On an error no new
// token is left behind.
absl::Status WriteLocalAccess(const std::string& path,
                              const std::vector<std::string>& urls,
                              auth::TokenStore& tokens,
                              const auth::Authenticator& authenticator);

// Removes the file, and revokes all tokens for local access. One of them may
// not be the last valid admin token (TokenStore::Revoke()).
absl::Status RemoveLocalAccess(const std::string& path,
                               auth::TokenStore& tokens);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LOCAL_ACCESS_H_
