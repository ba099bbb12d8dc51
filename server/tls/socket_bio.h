// The system calls of an SSL object.

#ifndef TALLYMAN_SERVER_TLS_SOCKET_BIO_H_
#define TALLYMAN_SERVER_TLS_SOCKET_BIO_H_

#include "server/tls/openssl_pointers.h"

namespace tallyman::server {

// A connected stream socket, and how its last system calls ended.
struct TlsSocket {
  int fd = -1;             // Not owned.
  int error = 0;           // The errno of the last call, if it failed for good.
  bool has_ended = false;  // recv(2) has returned 0.
};

// Reads by recv(2) and writes by send(2) with MSG_NOSIGNAL, repeated on EINTR;
// OpenSSL's own BIO_s_socket(3) writes by write(2), which raises SIGPIPE.
// Neither owns nor closes the descriptor. `socket` must outlive the BIO. Null
// without memory.
BioPtr NewSocketBio(TlsSocket* socket);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_SOCKET_BIO_H_
