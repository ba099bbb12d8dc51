// Connections that have made one request, and make no other.

#ifndef TALLYMAN_TOOLS_CROWD_IDLE_CONNECTIONS_H_
#define TALLYMAN_TOOLS_CROWD_IDLE_CONNECTIONS_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "server/tls/testing/tls_client.h"

namespace tallyman::crowd {

// Costs this process only descriptors, and memory with TLS. Movable; not
// thread-safe.
class IdleConnections {
 public:
  // Opens `count` connections to 127.0.0.1:`port`, one after the other; sends
  // `request` on each and reads the answer. An error unless the status of each
  // is 200.
  static absl::StatusOr<IdleConnections> Open(int port,
                                              std::string_view request,
                                              size_t count);
  // The same with TLS.
  static absl::StatusOr<IdleConnections> OpenTls(
      int port, std::string_view request, size_t count,
      const server::TlsClientContext& tls);

  // The connections that the server has closed, or on which it has sent more
  // than the answer.
  size_t CountClosed() const;

  size_t size() const { return plain_.size() + encrypted_.size(); }

 private:
  std::vector<base::UniqueFd> plain_;
  std::vector<std::unique_ptr<server::TlsClient>> encrypted_;
};

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_IDLE_CONNECTIONS_H_
