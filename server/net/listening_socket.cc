#include "server/net/listening_socket.h"

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/base/unique_fd.h"
#include "server/net/listen_address.h"
#include "server/net/socket_address.h"
#include "server/net/sockets.h"
#include "server/net/unix_socket_file.h"

namespace tallyman::server {
namespace {

// How often Open() tries another free port because one of the addresses has no
// such port free.
constexpr int kMaxPorts = 16;

// Whether this machine does not have the address.
bool IsAbsence(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

absl::Status ListenError(int error, std::string_view where) {
  absl::Status status = absl::ErrnoToStatus(error, where);
  if (error != EADDRINUSE) return status;
  return absl::AlreadyExistsError(
      absl::StrCat(status.message(),
                   "; choose another one with --port, or stop the "
                   "program that uses it"));
}

// Listens on each address that this machine has, with the same port. If the
// port is 0 and `may_retry`, a port that is free for one and not for another
// address gives an empty list.
absl::StatusOr<std::vector<base::UniqueFd>> ListenOnAll(
    std::vector<SocketAddress> addresses, const ListenAddress& given,
    bool may_retry) {
  const std::string where = absl::StrCat("cannot listen on ", given.Url());
  std::vector<base::UniqueFd> listening;
  int absence = 0;
  int port = given.port;
  for (SocketAddress& address : addresses) {
    address.port = port;
    auto [fd, error] = sockets::Listen(address);
    if (fd.valid() && port == 0) {
      const absl::StatusOr<SocketAddress> bound = sockets::OwnAddress(fd.get());
      if (!bound.ok()) return bound.status();
      port = bound->port;
    }
    if (fd.valid()) {
      listening.push_back(std::move(fd));
      continue;
    }
    if (IsAbsence(error)) {
      absence = error;
      continue;
    }
    if (error == EADDRINUSE && given.port == 0 && port != 0 && may_retry) {
      return std::vector<base::UniqueFd>();
    }
    const std::string number = address.IpText();
    return ListenError(error, number == given.host
                                  ? where
                                  : absl::StrCat(where, " (", number, ")"));
  }
  if (listening.empty()) return absl::ErrnoToStatus(absence, where);
  return listening;
}

// The zone of a link-local address, with "%" before it (RFC 4007, 11).
std::string ZoneOf(const SocketAddress& address) {
  const std::string name = sockets::ZoneName(address.zone);
  return name.empty() ? "" : absl::StrCat("%", name);
}

}  // namespace

absl::StatusOr<std::vector<ListeningSocket>> ListeningSocket::Open(
    const ListenAddress& address, const ListeningOptions& options) {
  std::vector<ListeningSocket> listening;
  if (address.kind == ListenAddress::Kind::kUnix) {
    absl::StatusOr<ListeningSocket> socket = OpenUnix(address, options);
    if (!socket.ok()) {
      return absl::Status(socket.status().code(),
                          absl::StrCat("cannot listen on ", address.Url(), ": ",
                                       socket.status().message()));
    }
    listening.push_back(*std::move(socket));
    return listening;
  }
  std::vector<SocketAddress> addresses;
  for (const std::string& host : options.resolve
                                     ? options.resolve(address.host)
                                     : std::vector<std::string>{address.host}) {
    absl::StatusOr<std::vector<SocketAddress>> found = sockets::LookUp(host);
    if (!found.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot listen on ", address.Url(), ": ", found.status().message()));
    }
    for (SocketAddress& each : *found) {
      if (!absl::c_linear_search(addresses, each)) {
        addresses.push_back(std::move(each));
      }
    }
  }
  absl::StatusOr<std::vector<base::UniqueFd>> opened;
  for (int i = 1; i <= kMaxPorts; ++i) {
    opened = ListenOnAll(addresses, address, /*may_retry=*/i < kMaxPorts);
    if (!opened.ok()) return opened.status();
    if (!opened->empty()) break;
  }
  for (base::UniqueFd& fd : *opened) {
    ListeningSocket socket(std::move(fd), /*is_adopted=*/false);
    absl::Status read = socket.ReadAddress(address.tls);
    if (!read.ok()) return read;
    listening.push_back(std::move(socket));
  }
  return listening;
}

absl::StatusOr<ListeningSocket> ListeningSocket::OpenUnix(
    const ListenAddress& address, const ListeningOptions& options) {
  absl::StatusOr<base::UniqueFd> fd = sockets::NewUnixSocket();
  if (!fd.ok()) return fd.status();
  ListeningSocket socket(*std::move(fd), /*is_adopted=*/false);
  absl::StatusOr<UnixSocketFile> file =
      UnixSocketFile::Bind(socket.fd(), address.path, options.unix_mode);
  if (!file.ok()) return file.status();
  socket.file_ = *std::move(file);
  if (const int error = sockets::ListenUnix(socket.fd()); error != 0) {
    return absl::ErrnoToStatus(error, "listen");
  }
  if (!socket.file_.IsInPlace()) {
    return absl::AlreadyExistsError("another server has just taken the path");
  }
  socket.address_ = address;
  socket.is_loopback_ = true;
  return socket;
}

absl::StatusOr<ListeningSocket> ListeningSocket::Adopt(
    base::UniqueFd fd, std::optional<bool> tls) {
  if (absl::Status prepared = sockets::PrepareAdopted(fd.get());
      !prepared.ok()) {
    return prepared;
  }
  ListeningSocket socket(std::move(fd), /*is_adopted=*/true);
  absl::Status read = socket.ReadAddress(tls);
  if (!read.ok()) return read;
  return socket;
}

absl::Status ListeningSocket::ReadAddress(std::optional<bool> tls) {
  const absl::StatusOr<SocketAddress> bound = sockets::OwnAddress(fd());
  if (!bound.ok()) return bound.status();
  address_ = {.tls = tls};
  if (bound->kind == SocketAddress::Kind::kUnix) {
    address_.kind = ListenAddress::Kind::kUnix;
    address_.path = bound->path;
  } else {
    address_.host = absl::StrCat(bound->IpText(), ZoneOf(*bound));
    address_.port = bound->port;
  }
  is_loopback_ = bound->IsLoopback();
  return absl::OkStatus();
}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(file_, other.file_);
  std::swap(is_adopted_, other.is_adopted_);
  std::swap(is_loopback_, other.is_loopback_);
  std::swap(address_, other.address_);
  return *this;
}

void ListeningSocket::Close() {
  file_.Remove();
  // The children of fork(2) may have the socket too.
  if (fd_.valid() && !is_adopted_) sockets::StopListening(fd());
  fd_.reset();
}

}  // namespace tallyman::server
