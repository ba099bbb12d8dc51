// The certificate, the key and the rules of TLS that connections share.
//
//   absl::StatusOr<std::unique_ptr<TlsContext>> context =
//       TlsContext::Create({.cert_file = "chain.pem", .key_file = "key.pem"});
//   for (const std::string& warning : (*context)->warnings()) ...
//   TlsTransport::Accept(**context, std::move(socket));
//   ...
//   (*context)->Reload();  // After the files were replaced.

#ifndef TALLYMAN_SERVER_TLS_TLS_CONTEXT_H_
#define TALLYMAN_SERVER_TLS_TLS_CONTEXT_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/ticket_keys.h"
#include "server/tls/tls_options.h"

namespace tallyman::server {

// TLS 1.2 and 1.3 of a server (RFC 8446, RFC 9325). TLS 1.2 has only ECDHE with
// AES-GCM or ChaCha20-Poly1305; the client chooses the cipher. Without
// compression, renegotiation and early data. A client that offers protocols by
// ALPN (RFC 7301) must offer "http/1.1". Sessions are resumed by tickets, whose
// keys outlive a Reload() but not this process; a session is not resumed after
// the authorities of clients have changed. Thread-safe.
class TlsContext {
 public:
  // Reads the files. Errors name the file and the reason: the code of the errno
  // if it cannot be read, InvalidArgument if it is not PEM, the key needs a
  // passphrase or does not match the certificate, or OpenSSL refuses either
  // (for example an RSA key of 1024 bits). `ticket_clock` times the rotation of
  // ticket keys.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(
      const TlsOptions& options,
      TicketKeys::Clock ticket_clock = std::chrono::steady_clock::now);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Reads the files again. New connections use their contents, existing ones go
  // on with the former. On an error, as of Create(), nothing changes.
  absl::Status Reload();

  // What an operator should know about the files in use, a line each: a
  // certificate that has expired or is not valid yet, as of the last Create()
  // or Reload(); a key file that all users have access to. Neither is an error:
  // an expired certificate is better than no server, and clients check it; the
  // directory of the key may protect it.
  std::vector<std::string> warnings() const;

  // The first moment at which a certificate of cert_file is no longer valid.
  // DescribeExpiry() and DaysUntil() (certificate_text.h) say how long that is.
  absl::Time certificate_expiry() const;

  // The subject of the server's certificate, such as "CN=example.org"; see
  // SubjectOf() in certificate_text.h.
  std::string subject() const;

  // A new connection's state, for TlsTransport. Null without memory. May
  // outlive this object.
  SslPtr NewConnection() const;

 private:
  // The contents of the files.
  struct Loaded {
    SslCtxPtr context;
    absl::Time expiry;
    std::string subject;
    std::vector<std::string> warnings;
  };

  TlsContext(TlsOptions options, std::shared_ptr<TicketKeys> keys,
             std::shared_ptr<const Loaded> loaded);

  static absl::StatusOr<std::shared_ptr<const Loaded>> Load(
      const TlsOptions& options, const std::shared_ptr<TicketKeys>& keys);

  std::shared_ptr<const Loaded> loaded() const;

  const TlsOptions options_;
  const std::shared_ptr<TicketKeys> keys_;
  // Held during a whole Reload(), so that the last one to read the files wins.
  absl::Mutex reload_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Loaded> loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TLS_CONTEXT_H_
