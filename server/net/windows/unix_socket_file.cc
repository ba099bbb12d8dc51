#include "server/net/unix_socket_file.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::server {

absl::StatusOr<UnixSocketFile> UnixSocketFile::Bind(int /*socket*/,
                                                    const std::string& /*path*/,
                                                    uint32_t /*mode*/) {
  // There is no such socket: see sockets::NewUnixSocket().
  return absl::UnimplementedError("Unix sockets need Linux or macOS");
}

bool UnixSocketFile::IsInPlace() const { return false; }

void UnixSocketFile::Remove() {}

}  // namespace tallyman::server
