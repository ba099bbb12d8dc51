// The socket of a connection: a buffer before it, and time limits.

#ifndef TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_
#define TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tallyman::server {

// Owns a connected stream socket, which must block. Whoever reads the
// connection, reads it here, so that bytes which came too early for one reader
// are there for the next. For one thread at a time.
class ConnectionSocket {
 public:
  struct Timeouts {
    // For a peer that neither sends nor takes anything in the middle of a
    // request or of a response.
    absl::Duration io;
    // For one that sends no request.
    absl::Duration idle;
  };

  ConnectionSocket(int fd, const Timeouts& timeouts);
  // Closes it.
  ~ConnectionSocket();
  ConnectionSocket(const ConnectionSocket&) = delete;
  ConnectionSocket& operator=(const ConnectionSocket&) = delete;

  int fd() const { return fd_; }

  // The peer's IP address, without the port; "" if it is gone already.
  std::string RemoteAddress() const;

  // What was received and not consumed yet. Valid until the next call of
  // anything that receives.
  std::string_view Unread() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  // Takes `size` bytes, which Unread() must have, from its front.
  void Consume(size_t size) { begin_ += size; }

  // Where nothing is unread: waits for the first bytes of a request, as long as
  // a connection may be idle, or not at all. False if none came, or the peer
  // has closed or broken the connection.
  bool ReceiveRequest(bool may_wait);

  // Reads in the middle of a request, as read(2) does: at most `size` bytes,
  // unread ones first; 0 at the end, -1 after an error or the io timeout.
  ssize_t Read(char* to, size_t size);

  // Waits up to the io timeout for bytes to read. True if there are some, or
  // the end.
  bool WaitReadable() const;

  // Sends both, one after the other, with as few copies and packets as
  // possible. False if that failed, or the peer has taken nothing for once or
  // twice the io timeout; nothing more can be sent then.
  bool Send(std::string_view head, std::string_view body);

  // Lets the peer read what was sent before the connection goes away: closing a
  // socket with unread bytes resets it, and a response could be lost. Gives up
  // after some bytes, the io timeout, or a second in which nothing comes.
  void Drain();

 private:
  // What a plain request mostly fits into.
  static constexpr size_t kBufferSize = 8192;

  // Fills the buffer, which must be empty, with one recv(2). The same results.
  ssize_t Receive(int flags);

  const int fd_;
  const Timeouts timeouts_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::array<char, kBufferSize> buffer_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_
