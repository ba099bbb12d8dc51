// The configuration file of tally: named contexts, each a server and what
// proves who asks.
//
//   {"version": 1, "current": "prod",
//    "contexts": {"prod": {"url": "https://tally.example:8880",
//                          "token": "tly_…", "ca": "/etc/ssl/own-ca.pem"},
//                 "ci": {"url": "…", "client_id": "…", "client_secret": "…"}}}
//
// It has secrets, so other users must not read it.

#ifndef TALLYMAN_TALLY_CLIENT_CONFIG_FILE_H_
#define TALLYMAN_TALLY_CLIENT_CONFIG_FILE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tally/client/endpoint.h"

namespace tallyman::tally {

struct ConfigFile {
  std::string current;  // A key of `contexts`; "" for none.
  std::map<std::string, Endpoint> contexts;
};

// $TALLY_CONFIG, else tally/config.json below $XDG_CONFIG_HOME or ~/.config; ""
// without a home.
std::string ConfigPath();

// A missing file is an empty one. Errors name the path:
//   FailedPrecondition  others may read or write it, or it is another user's
//   InvalidArgument     it is not such a file; the message has the place
absl::StatusOr<ConfigFile> ReadConfig(const std::string& path);

// Writes all of it or nothing, with mode 0600; makes missing folders with mode
// 0700.
absl::Status WriteConfig(const std::string& path, const ConfigFile& config);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_CONFIG_FILE_H_
