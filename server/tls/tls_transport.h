// A server's connection that is encrypted by TLS.
//
//   absl::StatusOr<std::unique_ptr<TlsTransport>> transport =
//       TlsTransport::Accept(context, std::move(socket));
//   ...
//   if ((*transport)->Handshake().state == Transport::State::kOk) ...

#ifndef TALLYMAN_SERVER_TLS_TLS_TRANSPORT_H_
#define TALLYMAN_SERVER_TLS_TLS_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/socket_bio.h"
#include "server/tls/tls_context.h"

namespace tallyman::server {

// See Transport for the contract. May outlive its TlsContext. Not thread-safe;
// different connections may be used by different threads.
//
// Read() decrypts one record, of at most 16 KiB, and calls recv(2) only if no
// whole record was received before. Write() sends one record, by one send(2): a
// response of up to 16 KiB is copied into one. While no bytes wait to be
// decrypted or sent, no buffer is held.
//
// kEnd is the peer's close_notify. The end of the TCP stream without it may be
// an attacker's truncation and is kError (RFC 8446, section 6.1); many clients
// end like that between two requests (RFC 9112, section 9.8).
//
// After kError in the handshake the peer has been sent an alert, which it may
// lose if the socket is closed with unread input.
class TlsTransport final : public Transport {
 public:
  // `socket` is a connected stream socket with O_NONBLOCK, on which nothing was
  // read or written. Uses the certificates that `context` has now. Fails only
  // without memory (ResourceExhausted).
  static absl::StatusOr<std::unique_ptr<TlsTransport>> Accept(
      const TlsContext& context, base::UniqueFd socket);

  int fd() const override { return owned_socket_.get(); }
  Result Handshake() override;
  Result Read(absl::Span<char> to) override;
  Result Write(std::string_view head, std::string_view body) override;

  // Sends close_notify and ends the TCP stream (SHUT_WR). Before the end of the
  // handshake there is no close_notify.
  Result CloseWrite() override;

  bool is_encrypted() const override { return true; }
  std::string error() const override { return error_; }

  // The subject of the client's certificate, which was verified; "" without
  // one, and before the end of the handshake. One line of at most 256 ASCII
  // characters; see SubjectOf() in certificate_text.h.
  std::string peer_name() const;

  // "TLSv1.3" or "TLSv1.2"; after the handshake.
  std::string_view version() const;

  // Whether the handshake resumed an earlier session.
  bool is_resumed() const;

 private:
  TlsTransport(base::UniqueFd socket, SslPtr ssl);

  // The meaning of a negative or zero `result` of an SSL function.
  Result Failure(int result);
  Result Fail(std::string_view reason);

  const base::UniqueFd owned_socket_;
  TlsSocket socket_;
  const SslPtr ssl_;  // Points to `socket_`.
  std::string error_;
  bool is_failed_ = false;
  bool is_handshake_done_ = false;
  bool is_write_closed_ = false;
  bool is_ended_ = false;  // Read() has returned kEnd.
  // The size of the record that is partly sent; 0 if there is none.
  // SSL_write(3) must be called with the same bytes again.
  size_t blocked_write_ = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TLS_TRANSPORT_H_
