#include "server/tls/socket_bio.h"

#include <openssl/bio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>

#include "server/tls/openssl_pointers.h"

namespace tallyman::server {
namespace {

TlsSocket& SocketOf(BIO* bio) {
  return *static_cast<TlsSocket*>(BIO_get_data(bio));
}

bool IsBlocked(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

int ReadSome(BIO* bio, char* to, int size) {
  TlsSocket& socket = SocketOf(bio);
  BIO_clear_retry_flags(bio);
  ssize_t got = 0;
  do {
    got = recv(socket.fd, to, static_cast<size_t>(size), 0);
  } while (got < 0 && errno == EINTR);
  if (got == 0) socket.has_ended = true;
  if (got < 0 && IsBlocked(errno)) {
    BIO_set_retry_read(bio);
  } else if (got < 0) {
    socket.error = errno;
  }
  return static_cast<int>(got);
}

int WriteSome(BIO* bio, const char* bytes, int size) {
  TlsSocket& socket = SocketOf(bio);
  BIO_clear_retry_flags(bio);
  ssize_t sent = 0;
  do {
    sent = send(socket.fd, bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && IsBlocked(errno)) {
    BIO_set_retry_write(bio);
  } else if (sent < 0) {
    socket.error = errno;
  }
  return static_cast<int>(sent);
}

// NOLINTNEXTLINE(google-runtime-int)
long Control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return SocketOf(bio).has_ended ? 1 : 0;
    default:
      return 0;
  }
}

// Lives as long as the process. Null without memory.
const BIO_METHOD* NewMethod() {
  const int index = BIO_get_new_index();
  if (index == -1) return nullptr;
  BIO_METHOD* const method =
      BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "tallyman socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, ReadSome);
  BIO_meth_set_write(method, WriteSome);
  BIO_meth_set_ctrl(method, Control);
  return method;
}

}  // namespace

BioPtr NewSocketBio(TlsSocket* socket) {
  static const BIO_METHOD* const kMethod = NewMethod();
  if (kMethod == nullptr) return nullptr;
  BioPtr bio(BIO_new(kMethod));
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio.get(), socket);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace tallyman::server
