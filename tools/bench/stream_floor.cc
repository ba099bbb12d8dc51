#include "tools/bench/stream_floor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr time_t kAcceptSeconds = 10;
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

absl::Duration ThreadTime() {
  timespec spent = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return absl::DurationFromTimespec(spent);
}

absl::Status WriteAll(const base::UniqueFd& fd, std::string_view bytes) {
  // The clients read all the time, so the sockets' buffers have room.
  if (write(fd.get(), bytes.data(), bytes.size()) ==
      static_cast<ssize_t>(bytes.size())) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, "writing to a client");
}

}  // namespace

absl::StatusOr<StreamFloor> StreamFloor::Listen() {
  base::UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const timeval limit = {.tv_sec = kAcceptSeconds, .tv_usec = 0};
  if (!listener.valid() ||
      setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &limit,
                 sizeof(limit)) != 0 ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) !=
          0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address),
                  &size) != 0 ||
      listen(listener.get(), kBacklog) != 0) {
    return absl::ErrnoToStatus(errno, "listening");
  }
  return StreamFloor(std::move(listener), ntohs(address.sin_port));
}

absl::Status StreamFloor::Accept(size_t count) {
  clients_.reserve(count);
  while (clients_.size() < count) {
    base::UniqueFd client(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return absl::ErrnoToStatus(errno, "accept4");
    const int on = 1;
    setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (absl::Status sent = WriteAll(client, kHead); !sent.ok()) return sent;
    clients_.push_back(std::move(client));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> StreamFloor::Write(
    std::string_view bytes) const {
  const absl::Duration before = ThreadTime();
  for (const base::UniqueFd& client : clients_) {
    if (absl::Status sent = WriteAll(client, bytes); !sent.ok()) return sent;
  }
  return ThreadTime() - before;
}

}  // namespace tallyman::bench
