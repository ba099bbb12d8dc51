#include "server/net/unix_socket_file.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::server {

absl::StatusOr<UnixSocketFile> UnixSocketFile::Bind(int /*socket*/,
                                                    const std::string& /*path*/,
                                                    uint32_t /*mode*/) {
  return absl::UnimplementedError("Windows has no permissions of such sockets");
}

bool UnixSocketFile::IsInPlace() const { return false; }

void UnixSocketFile::Remove() {}

}  // namespace tallyman::server
