// TLS of accepted connections, or the reason why this build has none.
//
//   if (absl::Status supported = CheckTls(); !supported.ok()) ...
//   auto acceptor = TlsAcceptor::Create({.cert_file = ..., .key_file = ...});
//   std::unique_ptr<Transport> transport = (*acceptor)->Accept(std::move(fd));

#ifndef TALLYMAN_SERVER_TLS_TLS_ACCEPTOR_H_
#define TALLYMAN_SERVER_TLS_TLS_ACCEPTOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"
#include "server/tls/tls_options.h"

namespace tallyman::server {

// OK with OpenSSL; Unimplemented, with a fragment, without.
absl::Status CheckTls();

// Thread-safe.
class TlsAcceptor {
 public:
  // Errors as TlsContext::Create(), and of CheckTls().
  static absl::StatusOr<std::unique_ptr<TlsAcceptor>> Create(
      const TlsOptions& options);

  virtual ~TlsAcceptor() = default;

  // The transport of a connected socket that does not block. Null without
  // memory: the connection is closed. May outlive this object.
  virtual std::unique_ptr<Transport> Accept(base::UniqueFd socket) const = 0;

  // Reads the files again. On an error, as of Create(), the former stay.
  virtual absl::Status Reload() = 0;

  // The first moment at which a certificate of the file is no longer valid.
  virtual absl::Time certificate_expiry() const = 0;

  // For the log: who the certificate is for, "expires in 12 days (...)", and
  // what an operator should know of the files, a line each.
  virtual std::string subject() const = 0;
  virtual std::string DescribeExpiry(absl::Time now) const = 0;
  virtual std::vector<std::string> warnings() const = 0;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TLS_TLS_ACCEPTOR_H_
