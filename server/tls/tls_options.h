// The files of TLS, as flags name them.

#ifndef TALLYMAN_SERVER_TLS_TLS_OPTIONS_H_
#define TALLYMAN_SERVER_TLS_TLS_OPTIONS_H_

#include <string>

namespace tallyman::server {

// Files in PEM format (RFC 7468).
struct TlsOptions {
  // The server's certificate, followed by those that lead to its root.
  std::string cert_file;
  // The private key of the first certificate, without a passphrase.
  std::string key_file;
  // The authorities that sign certificates of clients. Each certificate of the
  // file is trusted, also one that is not a root. "": no client certificates;
  // else no connection without one.
  std::string client_ca_file = "";
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TLS_OPTIONS_H_
