#include "server/http/connection_socket.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

// The kernel takes 0 as no timeout (socket(7)).
void SetTimeout(int fd, int option, absl::Duration timeout) {
  const timeval value =
      absl::ToTimeval(std::max(timeout, absl::Microseconds(1)));
  setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value));
}

// recv(2), repeated on EINTR.
ssize_t ReceiveSome(int fd, char* to, size_t size, int flags) {
  ssize_t got = 0;
  do {
    got = recv(fd, to, size, flags);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool WaitForInput(int fd, absl::Duration timeout) {
  pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&readable, 1,
                 static_cast<int>(absl::ToInt64Milliseconds(
                     absl::Ceil(timeout, absl::Milliseconds(1)))));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

ConnectionSocket::ConnectionSocket(base::UniqueFd fd, const Timeouts& timeouts)
    : fd_(std::move(fd)), timeouts_(timeouts) {
  SetTimeout(fd_.get(), SO_RCVTIMEO, timeouts.idle);
  SetTimeout(fd_.get(), SO_SNDTIMEO, timeouts.io);
}

std::string ConnectionSocket::RemoteAddress() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  char host[NI_MAXHOST];
  if (getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) !=
          0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host,
                  sizeof(host), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "";
  }
  return host;
}

ssize_t ConnectionSocket::Receive(int flags) {
  const ssize_t got =
      ReceiveSome(fd_.get(), buffer_.data(), buffer_.size(), flags);
  begin_ = 0;
  end_ = got > 0 ? static_cast<size_t>(got) : 0;
  return got;
}

bool ConnectionSocket::ReceiveRequest(bool may_wait) {
  return Receive(may_wait ? 0 : MSG_DONTWAIT) > 0;
}

bool ConnectionSocket::WaitReadable() const {
  return !Unread().empty() || WaitForInput(fd_.get(), timeouts_.io);
}

ssize_t ConnectionSocket::Read(char* to, size_t size) {
  if (Unread().empty()) {
    if (!WaitReadable()) return -1;
    // Too large for the buffer: skip the copy.
    if (size >= kBufferSize) return ReceiveSome(fd_.get(), to, size, 0);
    if (const ssize_t got = Receive(0); got <= 0) return got;
  }
  const size_t copied = std::min(size, Unread().size());
  std::memcpy(to, Unread().data(), copied);
  Consume(copied);
  return static_cast<ssize_t>(copied);
}

bool ConnectionSocket::Send(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    iovec parts[2] = {
        {.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},
        {.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = body.empty() ? 1 : 2;
    const ssize_t result = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0) return false;
    size_t sent = static_cast<size_t>(result);
    const size_t of_head = std::min(sent, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(sent - of_head);
  }
  return true;
}

void ConnectionSocket::Drain() {
  constexpr size_t kMaxDrained = size_t{256} << 10;
  const auto end = std::chrono::steady_clock::now() +
                   absl::ToChronoNanoseconds(timeouts_.io);
  shutdown(fd_.get(), SHUT_WR);
  for (size_t drained = 0;
       drained < kMaxDrained && std::chrono::steady_clock::now() < end;) {
    if (!WaitForInput(fd_.get(), absl::Seconds(1))) break;
    const ssize_t got = Receive(0);
    if (got <= 0) break;
    drained += static_cast<size_t>(got);
  }
}

}  // namespace tallyman::server
