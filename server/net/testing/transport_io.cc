#include "server/net/testing/transport_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "absl/log/check.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"

namespace tallyman::server {
namespace {

using State = Transport::State;

bool IsBlocked(State state) {
  return state == State::kWantRead || state == State::kWantWrite;
}

}  // namespace

SocketPair MakeSocketPair() {
  std::array<int, 2> fds{};
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  CHECK_EQ(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  return {.server = base::UniqueFd(fds[0]), .client = base::UniqueFd(fds[1])};
}

void AwaitReady(const Transport& transport, State state) {
  CHECK(IsBlocked(state));
  pollfd socket = {.fd = transport.fd(), .events = POLLIN};
  if (state == State::kWantWrite) socket.events = POLLOUT;
  while (poll(&socket, 1, -1) < 0) CHECK_EQ(errno, EINTR);
}

State HandshakeBlocking(Transport& transport) {
  State state = transport.Handshake().state;
  for (; IsBlocked(state); state = transport.Handshake().state) {
    AwaitReady(transport, state);
  }
  return state;
}

ReadBytes ReadBlocking(Transport& transport, size_t size) {
  std::string bytes;
  std::array<char, 65536> buffer;
  while (bytes.size() < size) {
    const Transport::Result got = transport.Read(absl::MakeSpan(
        buffer.data(), std::min(buffer.size(), size - bytes.size())));
    if (IsBlocked(got.state)) {
      AwaitReady(transport, got.state);
    } else if (got.state == State::kOk) {
      CHECK_GT(got.bytes, 0u);
      bytes.append(buffer.data(), got.bytes);
    } else {
      return {.bytes = bytes, .state = got.state};
    }
  }
  return {.bytes = bytes, .state = State::kOk};
}

ReadBytes ReadAllBlocking(Transport& transport) {
  return ReadBlocking(transport, std::numeric_limits<size_t>::max());
}

State WriteBlocking(Transport& transport, std::string_view head,
                    std::string_view body) {
  while (!head.empty() || !body.empty()) {
    const Transport::Result wrote = transport.Write(head, body);
    if (IsBlocked(wrote.state)) {
      AwaitReady(transport, wrote.state);
    } else if (wrote.state == State::kOk) {
      CHECK_GT(wrote.bytes, 0u);
      const size_t of_head = std::min(wrote.bytes, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(wrote.bytes - of_head);
    } else {
      return wrote.state;
    }
  }
  return State::kOk;
}

State CloseWriteBlocking(Transport& transport) {
  State state = transport.CloseWrite().state;
  for (; IsBlocked(state); state = transport.CloseWrite().state) {
    AwaitReady(transport, state);
  }
  return state;
}

}  // namespace tallyman::server
