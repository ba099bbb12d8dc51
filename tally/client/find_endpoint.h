// Finds the server and the token of a command.

#ifndef TALLYMAN_TALLY_CLIENT_FIND_ENDPOINT_H_
#define TALLYMAN_TALLY_CLIENT_FIND_ENDPOINT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/secret.h"
#include "tally/client/endpoint.h"

namespace tallyman::tally {

// What the command line says; "" where it says nothing.
struct EndpointFlags {
  std::string context;
  std::string url;
  std::string token_file;  // "-": standard input.
  auth::Secret token;
  std::string ca_file;
  std::string data_dir;
};

// The name of the file in a data directory that has the address and the token
// of its server, for programs of the same user.
inline constexpr char kLocalAccessFile[] = "local_access.json";

// Where a server of this machine keeps its data, if nobody says: the default of
// this user's servers, and the directory of the Debian package.
std::vector<std::string> LocalDataDirs();

// The first of these that says where the server is:
//
//   1. --context, --data-dir or --url
//   2. TALLY_CONTEXT, TALLY_URL
//   3. the current context of the configuration file
//   4. the local access of a server of this machine
//
// --token, --token-file and --ca, then TALLY_TOKEN, TALLY_TOKEN_FILE and
// TALLY_CA, replace its token and authorities. A URL without a token takes that
// of the context with the same URL.
//
// NotFound says how to name a server if there is none. Other errors name the
// flag, the variable or the file.
absl::StatusOr<Endpoint> FindEndpoint(const EndpointFlags& flags);

// The token, or the secret of a client, in a file or in standard input ("-"),
// without white space around it. InvalidArgument if there is none; see
// ReadPrivateFile() for other errors.
absl::StatusOr<auth::Secret> ReadToken(const std::string& path);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_FIND_ENDPOINT_H_
