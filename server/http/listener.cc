#include "server/http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {
namespace {

// Between two attempts where only somebody else can change what is in the way.
constexpr int kPauseMs = 50;

// Whether an error of accept(2) goes away when something is given back.
bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

// Whether it says that the listening socket is no good. Errors of the network
// are about one connection, which is gone (accept(2)).
bool IsFatal(int error) {
  return error == EBADF || error == EFAULT || error == EINVAL ||
         error == ENOTSOCK;
}

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// An invalid one and errno if that fails.
base::UniqueFd ListenOn(const addrinfo& address) {
  base::UniqueFd fd(
      socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fd;
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Connections inherit it: answers are sent in one piece.
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  // "::" takes IPv4 as well, whatever the system's default.
  if (address.ai_family == AF_INET6) {
    SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      listen(fd.get(), SOMAXCONN) != 0) {
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

template <typename Function>
void Try(const Function& function) {
  try {
    function();
  } catch (...) {
    // See Listener::Events.
  }
}

// -1 and errno if that fails.
int PortOf(int socket) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(socket, plain, &size) != 0) return -1;
  // The port is at the same place in both.
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

std::string UrlOf(const std::string& host, int port) {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return absl::StrCat("http://", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                      ":", port);
}

Listener::Listener(base::UniqueFd socket, int port, base::UniqueFd stop)
    : socket_(std::move(socket)), port_(port), stop_(std::move(stop)) {}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(
    const std::string& host, int port) {
  const std::string where =
      absl::StrCat("cannot listen on ", UrlOf(host, port));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int lookup =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (lookup != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": ", gai_strerror(lookup)));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  base::UniqueFd socket;
  for (const addrinfo* each = found; each != nullptr && !socket.valid();
       each = each->ai_next) {
    socket = ListenOn(*each);
  }
  if (!socket.valid()) {
    const int error = errno;
    absl::Status status = absl::ErrnoToStatus(error, where);
    if (error != EADDRINUSE) return status;
    return absl::AlreadyExistsError(
        absl::StrCat(status.message(),
                     "; choose another one with --port, or stop the "
                     "program that uses it"));
  }
  const int bound = PortOf(socket.get());
  if (bound < 0) return absl::ErrnoToStatus(errno, where);
  base::UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return absl::ErrnoToStatus(errno, where);
  return absl::WrapUnique(
      new Listener(std::move(socket), bound, std::move(stop)));
}

absl::Status Listener::Run(const Events& events) {
  bool is_exhausted = false;
  bool has_failed = false;
  while (!is_stopping_.load()) {
    base::UniqueFd connection(
        accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const int error = connection.valid() ? 0 : errno;
    if (error == 0) {
      has_failed = false;
      Try([&] { events.accepted(std::move(connection)); });
    } else if (error == EAGAIN || error == EWOULDBLOCK) {
      has_failed = false;
      is_exhausted = false;
      AwaitConnection();
    } else if (IsExhaustion(error)) {
      // The kernel takes the descriptor before it looks for a connection.
      if (!HasWaiting()) {
        AwaitConnection();
        continue;
      }
      if (!is_exhausted && events.exhausted) {
        Try([&] { events.exhausted(error); });
      }
      is_exhausted = true;
      bool has_room = false;
      if (events.make_room) Try([&] { has_room = events.make_room(); });
      if (!has_room) Pause();
    } else if (IsFatal(error) && !is_stopping_.load()) {
      return absl::ErrnoToStatus(
          error, absl::StrCat("accepting connections on port ", port_));
    } else if (error != EINTR && error != ECONNABORTED) {
      // Where a security module refuses, it does so again and again.
      if (has_failed) Pause();
      has_failed = true;
    }
  }
  return absl::OkStatus();
}

bool Listener::HasWaiting() const {
  pollfd waiting = {.fd = socket_.get(), .events = POLLIN};
  return poll(&waiting, 1, 0) > 0;
}

void Listener::Pause() const {
  pollfd stops = {.fd = stop_.get(), .events = POLLIN};
  poll(&stops, 1, kPauseMs);
}

void Listener::AwaitConnection() const {
  std::array<pollfd, 2> either = {{
      {.fd = socket_.get(), .events = POLLIN},
      {.fd = stop_.get(), .events = POLLIN},
  }};
  poll(either.data(), either.size(), -1);
}

void Listener::Stop() {
  is_stopping_.store(true);
  // A listening socket that is shut down does not listen any more.
  shutdown(socket_.get(), SHUT_RDWR);
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
}

}  // namespace tallyman::server
