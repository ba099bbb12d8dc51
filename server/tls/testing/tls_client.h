// A TLS client that blocks, for tests of servers and measurements.
//
//   TlsClientContext context({.ca_file = files.ca_file()});
//   absl::StatusOr<std::unique_ptr<TlsClient>> client =
//       TlsClient::Connect(context, std::move(connected_socket));
//   (*client)->Write("GET / HTTP/1.1\r\n...");

#ifndef TALLYMAN_SERVER_TLS_TESTING_TLS_CLIENT_H_
#define TALLYMAN_SERVER_TLS_TESTING_TLS_CLIENT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/socket_bio.h"

namespace tallyman::server {

struct TlsClientOptions {
  // Authorities that sign servers; "": the server is not verified.
  std::string ca_file = "";
  // The name that the server's certificate must have, and the server name
  // indication (SNI); "": neither.
  std::string server_name = "localhost";
  // The client's certificate and key; "": none.
  std::string cert_file = "";
  std::string key_file = "";
  // TLS1_2_VERSION and so on; 0: those of OpenSSL.
  int min_version = 0;
  int max_version = 0;
  // As in openssl-ciphers(1), in the order of preference; "": OpenSSL's.
  std::string tls12_ciphers = "";
  // The protocols to offer by ALPN; empty: none.
  std::vector<std::string> protocols = {};
};

// The rules that connections share. Dies (CHECK) if the options cannot be used.
// Thread-safe.
class TlsClientContext {
 public:
  explicit TlsClientContext(const TlsClientOptions& options);

 private:
  friend class TlsClient;

  const std::string server_name_;
  const SslCtxPtr context_;
};

// A connection. Errors are Internal, with OpenSSL's reason; after one the
// connection is of no use. Not thread-safe.
class TlsClient {
 public:
  // Shakes hands over a connected, blocking socket. Resumes `session`, of an
  // earlier connection of `context`, if it is not null. `context` need not
  // outlive the connection.
  static absl::StatusOr<std::unique_ptr<TlsClient>> Connect(
      const TlsClientContext& context, base::UniqueFd socket,
      SSL_SESSION* session = nullptr);

  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  int fd() const { return owned_socket_.get(); }

  // Reads at least one byte and at most `to.size()`; 0 after close_notify.
  absl::StatusOr<size_t> Read(absl::Span<char> to);
  // Reads `size` bytes, or fewer up to close_notify.
  absl::StatusOr<std::string> ReadExactly(size_t size);
  // Reads up to close_notify.
  absl::StatusOr<std::string> ReadAll();

  // Writes all bytes.
  absl::Status Write(std::string_view bytes);

  // Sends close_notify and ends the TCP stream (SHUT_WR). Reading goes on.
  absl::Status CloseWrite();

  // The session that a later connection may resume, a copy: OpenSSL no longer
  // resumes that of a connection which ends without close_notify. With TLS 1.3
  // the server sends it after the handshake: read something first.
  SslSessionPtr session() const;

  bool is_resumed() const { return SSL_session_reused(ssl()) == 1; }
  // "TLSv1.3" or "TLSv1.2".
  std::string_view version() const { return SSL_get_version(ssl()); }
  // The selected protocol of ALPN; "" if none.
  std::string protocol() const;
  // The subject of the server's certificate (SubjectOf()).
  std::string server_subject() const;

  // For tests of rare cases.
  SSL* ssl() const { return ssl_.get(); }

 private:
  TlsClient(base::UniqueFd socket, SslPtr ssl);

  absl::Status ErrorOf(std::string_view what, int result) const;

  const base::UniqueFd owned_socket_;
  TlsSocket socket_;
  const SslPtr ssl_;  // Points to `socket_`.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TESTING_TLS_CLIENT_H_
