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

// Between two attempts when this process has nothing to free.
constexpr int kRetryDelayMs = 50;

// Whether an error of accept(2) ends when descriptors or memory are freed.
bool IsExhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

// Whether an error of accept(2) is permanent. Network errors concern one
// connection, which is gone (accept(2), "Error handling").
bool IsFatal(int error) {
  return error == EBADF || error == EFAULT || error == EINVAL ||
         error == ENOTSOCK;
}

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

// On failure an invalid descriptor, and errno.
base::UniqueFd ListenOn(const addrinfo& address) {
  base::UniqueFd fd(
      socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fd;
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  // Accepted connections inherit it: responses are sent in one piece.
  SetOption(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  // "::" accepts IPv4 too, whatever /proc/sys/net/ipv6/bindv6only says.
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

// Calls `function` and drops its exceptions; see Listener::Events.
template <typename Function>
void CallNoThrow(const Function& function) {
  try {
    function();
  } catch (...) {
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
      CallNoThrow([&] { events.on_accepted(std::move(connection)); });
    } else if (error == EAGAIN || error == EWOULDBLOCK) {
      has_failed = false;
      is_exhausted = false;
      AwaitConnection();
    } else if (IsExhaustion(error)) {
      // accept(2) allocates the descriptor before it looks for a connection, so
      // it fails also if none waits.
      if (!HasWaiting()) {
        AwaitConnection();
        continue;
      }
      if (!is_exhausted && events.on_exhausted) {
        CallNoThrow([&] { events.on_exhausted(error); });
      }
      is_exhausted = true;
      bool has_freed = false;
      if (events.free_descriptors) {
        CallNoThrow([&] { has_freed = events.free_descriptors(); });
      }
      if (!has_freed) AwaitRetry();
    } else if (IsFatal(error) && !is_stopping_.load()) {
      return absl::ErrnoToStatus(
          error, absl::StrCat("accepting connections on port ", port_));
    } else if (error != EINTR && error != ECONNABORTED) {
      // A security module may refuse every connection (EPERM).
      if (has_failed) AwaitRetry();
      has_failed = true;
    }
  }
  return absl::OkStatus();
}

bool Listener::HasWaiting() const {
  pollfd waiting = {.fd = socket_.get(), .events = POLLIN};
  return poll(&waiting, 1, 0) > 0;
}

void Listener::AwaitRetry() const {
  pollfd stops = {.fd = stop_.get(), .events = POLLIN};
  poll(&stops, 1, kRetryDelayMs);
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
  // Linux: shutdown(2) of a listening socket refuses further connections.
  shutdown(socket_.get(), SHUT_RDWR);
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
}

}  // namespace tallyman::server
