// Access tokens that OAuth clients have fetched, kept between runs: a client
// may have only so many valid tokens, and each request for one counts against
// its limits (docs/operations.md, "Programs that fetch their own tokens").
//
//   {"version": 1,
//    "tokens": [{"url": "https://tally.example:8880", "client_id": "client-1",
//                "token": "tly_…", "expires_at": 1774000000}]}
//
// Example: tally/client/token_cache_test.cc

#ifndef TALLYMAN_TALLY_CLIENT_TOKEN_CACHE_H_
#define TALLYMAN_TALLY_CLIENT_TOKEN_CACHE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/secret.h"
#include "tally/client/endpoint.h"

namespace tallyman::tally {

struct FetchedToken {
  auth::Secret token;
  absl::Time expires_at;
};

// The file with the tokens of the contexts in this configuration file.
std::string TokenCachePath(std::string_view config_path);

// The tokens in one file of mode 0600. Processes may share it: the file
// PATH.lock is locked (flock(2)) while one of them fetches or changes. A file
// that is broken, or open to others, counts as empty and is replaced. Thread-
// compatible.
class TokenCache {
 public:
  // "": nothing is kept.
  explicit TokenCache(std::string path) : path_(std::move(path)) {}

  // The token of `endpoint.client` that is valid for at least 30 s after `now`.
  std::optional<auth::Secret> Find(const Endpoint& endpoint,
                                   absl::Time now) const;

  // The same, other than `refused`, which the server has refused. If there is
  // none, that of `fetch`, which is kept if the file can be written. Errors are
  // those of `fetch`.
  absl::StatusOr<auth::Secret> FindOrFetch(
      const Endpoint& endpoint, const auth::Secret& refused, absl::Time now,
      const std::function<absl::StatusOr<FetchedToken>()>& fetch);

  // Removes the token of `endpoint.client`, if there is one.
  absl::Status Forget(const Endpoint& endpoint);

 private:
  std::string path_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_TOKEN_CACHE_H_
