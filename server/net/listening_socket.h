// Sockets that accept connections.
//
//   absl::StatusOr<std::vector<ListeningSocket>> sockets =
//       ListeningSocket::Open(*ParseListenAddress("localhost", 8880), {});
//   for (const ListeningSocket& socket : *sockets) {
//     ... wait until socket.fd() is readable, then sockets::Accept(socket.fd())
//     ...
//   }

#ifndef TALLYMAN_SERVER_NET_LISTENING_SOCKET_H_
#define TALLYMAN_SERVER_NET_LISTENING_SOCKET_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"
#include "server/net/listen_address.h"
#include "server/net/unix_socket_file.h"

namespace tallyman::server {

struct ListeningOptions {
  // The permissions of a Unix socket's file: a client needs to write to it.
  uint32_t unix_mode = 0660;

  // The numeric addresses of a host, for tests. Empty: sockets::LookUp().
  std::function<std::vector<std::string>(const std::string& host)> resolve;
};

// Owns one socket. It does not block and is closed on exec; the queue of
// connections is as long as the kernel allows (SOMAXCONN). Accepted TCP sockets
// inherit TCP_NODELAY. Movable. Not thread-safe.
class ListeningSocket {
 public:
  // Listens on all addresses of the host: clients can connect when it returns.
  // A name may have several, such as 127.0.0.1 and ::1 for localhost; all get
  // the same port, also if `address.port` is 0. One that this machine does not
  // have is skipped if it has another. "::" accepts IPv4 too. Looks a name up,
  // which may block for seconds.
  //
  // Unix sockets: see UnixSocketFile::Bind().
  //
  // Errors name the address and the reason: AlreadyExists if any of the
  // addresses is in use, InvalidArgument if the host does not exist.
  static absl::StatusOr<std::vector<ListeningSocket>> Open(
      const ListenAddress& address, const ListeningOptions& options);

  // Takes a socket that another program has opened, such as systemd. It must be
  // a listening stream socket with an IP or Unix address; if not, the error
  // (InvalidArgument) is a fragment with the reason. The file of a Unix socket
  // stays. Closes `fd` on errors.
  static absl::StatusOr<ListeningSocket> Adopt(base::UniqueFd fd,
                                               std::optional<bool> tls);

  ListeningSocket(ListeningSocket&& other) noexcept = default;
  // `other` closes the former socket.
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;

  int fd() const { return fd_.get(); }

  // The address that the socket has: a number instead of a name, the port that
  // the kernel chose. `tls` is that of the given address.
  const ListenAddress& address() const { return address_; }

  // Whether only this machine can connect.
  bool is_loopback() const { return is_loopback_; }

  // Whether another program opened the socket and may go on listening.
  bool is_adopted() const { return is_adopted_; }

  // Refuses further connections, also those that wait to be accepted, and
  // removes the file of a Unix socket. An adopted socket goes on listening for
  // the program that opened it. Also done by the destructor.
  void Close();

  ~ListeningSocket() { Close(); }

 private:
  ListeningSocket(base::UniqueFd fd, bool is_adopted)
      : fd_(std::move(fd)), is_adopted_(is_adopted) {}

  // Sets the address from that of the socket.
  absl::Status ReadAddress(std::optional<bool> tls);

  static absl::StatusOr<ListeningSocket> OpenUnix(
      const ListenAddress& address, const ListeningOptions& options);

  base::UniqueFd fd_;
  UnixSocketFile file_;  // Destroyed before the socket.
  bool is_adopted_;
  bool is_loopback_ = false;
  ListenAddress address_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_NET_LISTENING_SOCKET_H_
