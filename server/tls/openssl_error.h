// Errors of OpenSSL as text.

#ifndef TALLYMAN_SERVER_TLS_OPENSSL_ERROR_H_
#define TALLYMAN_SERVER_TLS_OPENSSL_ERROR_H_

#include <string>

namespace tallyman::server {

// The reason of the newest error in the calling thread's error queue, such as
// "no shared cipher", or of the one before if the newest says only that a
// record failed; empties the queue (ERR_get_error(3)). One of OpenSSL's or the
// C library's constant texts, so without bytes of the peer's choice. "unknown
// error" if the queue is empty.
std::string TakeOpensslError();

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_OPENSSL_ERROR_H_
