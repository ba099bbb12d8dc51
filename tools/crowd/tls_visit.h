// Requests with TLS, one after the other, from clients that block.

#ifndef TALLYMAN_TOOLS_CROWD_TLS_VISIT_H_
#define TALLYMAN_TOOLS_CROWD_TLS_VISIT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/tls/testing/tls_client.h"

namespace tallyman::crowd {

// What TlsClient::session() returns.
using TlsSession = decltype(std::declval<server::TlsClient>().session());

// TLS 1.3 only; any certificate will do.
server::TlsClientOptions AnyTls13Server();

// Connects to 127.0.0.1:`port` from an address that `index` chooses (see
// loopback.h). `session`: null, or the one to resume.
absl::StatusOr<std::unique_ptr<server::TlsClient>> ConnectTls(
    const server::TlsClientContext& context, int port, size_t index,
    SSL_SESSION* session = nullptr);

// Sends a request and reads the whole answer, which has a Content-Length. An
// error unless its status is 200.
absl::Status FetchTls(server::TlsClient& client, std::string_view request);

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_TLS_VISIT_H_
