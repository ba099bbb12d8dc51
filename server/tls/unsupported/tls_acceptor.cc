#include "server/tls/tls_acceptor.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/tls/tls_options.h"

namespace tallyman::server {

absl::Status CheckTls() {
  return absl::UnimplementedError(
      "this program has no TLS, since it was built without OpenSSL; put a "
      "proxy with TLS before it");
}

absl::StatusOr<std::unique_ptr<TlsAcceptor>> TlsAcceptor::Create(
    const TlsOptions& /*options*/) {
  return CheckTls();
}

}  // namespace tallyman::server
