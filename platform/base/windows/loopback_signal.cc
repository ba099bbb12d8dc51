#include "platform/base/windows/loopback_signal.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "platform/base/windows/winsock.h"

namespace tallyman::base {
namespace {

SOCKET SocketOf(const UniqueFd& fd) { return static_cast<SOCKET>(fd.get()); }

}  // namespace

absl::StatusOr<LoopbackSignal> LoopbackSignal::Create() {
  if (absl::Status started = StartWinsock(); !started.ok()) return started;
  LoopbackSignal made;
  made.socket_ =
      UniqueFd(static_cast<int>(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)));
  if (!made.socket_.valid()) return LastSocketError("socket");
  const SOCKET own = SocketOf(made.socket_);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int size = sizeof(address);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  u_long nonblocking = 1;
  if (bind(own, plain, size) != 0 || getsockname(own, plain, &size) != 0 ||
      connect(own, plain, size) != 0 ||
      ioctlsocket(own, FIONBIO, &nonblocking) != 0) {
    return LastSocketError("a socket of 127.0.0.1");
  }
  return made;
}

void LoopbackSignal::Put(unsigned char byte) const {
  send(SocketOf(socket_), reinterpret_cast<const char*>(&byte), 1, 0);
}

std::optional<unsigned char> LoopbackSignal::Take() {
  char byte = 0;
  if (recv(SocketOf(socket_), &byte, 1, 0) != 1) return std::nullopt;
  return static_cast<unsigned char>(byte);
}

}  // namespace tallyman::base
