// Reads certificates and private keys from PEM files (RFC 7468).

#ifndef TALLYMAN_SERVER_TLS_PEM_FILES_H_
#define TALLYMAN_SERVER_TLS_PEM_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {

// The certificates of a file in their order, at least one; blocks of other
// kinds are skipped. Errors begin with `what` and the quoted path, such as
// `certificate file "/etc/x.pem" has no certificate in PEM format`: the code of
// the errno if the file cannot be read, else InvalidArgument.
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(std::string_view what,
                                                      const std::string& path);

struct PrivateKey {
  EvpPkeyPtr key;
  // The mode of the file gives all users access to it.
  bool is_open_to_all = false;
};

// The first private key of a file. Errors as above; a key with a passphrase is
// InvalidArgument. Never asks for a passphrase.
absl::StatusOr<PrivateKey> ReadPrivateKey(const std::string& path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_PEM_FILES_H_
