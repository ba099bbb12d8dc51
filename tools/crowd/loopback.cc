#include "tools/crowd/loopback.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"

namespace tallyman::crowd {
namespace {

constexpr size_t kSources = 64;
constexpr uint32_t kFirstSource = 0x7f000101;  // 127.0.1.1
constexpr time_t kReceiveSeconds = 60;

sockaddr_in AddressOf(uint32_t host, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void SetOption(const base::UniqueFd& fd, int level, int name, int value) {
  setsockopt(fd.get(), level, name, &value, sizeof(value));
}

}  // namespace

absl::StatusOr<base::UniqueFd> ConnectLoopback(const LoopbackOptions& options) {
  const int type =
      SOCK_STREAM | SOCK_CLOEXEC | (options.non_blocking ? SOCK_NONBLOCK : 0);
  base::UniqueFd fd(socket(AF_INET, type, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // connect(2) chooses the port, by the whole pair of addresses.
  SetOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (options.receive_buffer > 0) {
    SetOption(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  }
  if (!options.non_blocking) {
    const timeval limit = {.tv_sec = kReceiveSeconds, .tv_usec = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  const sockaddr_in source = AddressOf(
      kFirstSource + static_cast<uint32_t>(options.index % kSources), 0);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&source),
           sizeof(source)) != 0) {
    return absl::ErrnoToStatus(errno, "binding a source address");
  }
  const sockaddr_in server = AddressOf(INADDR_LOOPBACK, options.port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&server),
              sizeof(server)) != 0 &&
      errno != EINPROGRESS) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("connecting to port ", options.port));
  }
  return fd;
}

absl::StatusOr<int> FindFreePort() {
  const base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = AddressOf(INADDR_LOOPBACK, 0);
  socklen_t size = sizeof(address);
  if (!listener.valid() ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) !=
          0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address),
                  &size) != 0) {
    return absl::ErrnoToStatus(errno, "looking for a free port");
  }
  return ntohs(address.sin_port);
}

absl::Status AllowDescriptors(size_t needed) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return absl::ErrnoToStatus(errno, "getrlimit");
  }
  if (limit.rlim_max < needed) {
    return absl::ResourceExhaustedError(
        absl::StrCat("needs ", needed, " descriptors, and the hard limit is ",
                     limit.rlim_max, " (ulimit -Hn)"));
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return absl::ErrnoToStatus(errno, "setrlimit");
  }
  return absl::OkStatus();
}

}  // namespace tallyman::crowd
