// The socket of one connection, with a read buffer and time limits.

#ifndef TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_
#define TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::server {

// Owns a connected, blocking stream socket. Every reader of the connection
// reads through this buffer, so that the bytes that one reader received and did
// not use reach the next. Not thread-safe.
class ConnectionSocket {
 public:
  struct Timeouts {
    // The peer neither sends nor receives a byte in the middle of a request or
    // a response.
    absl::Duration io;
    // The peer sends no request.
    absl::Duration idle;
  };

  ConnectionSocket(base::UniqueFd fd, const Timeouts& timeouts);
  ConnectionSocket(const ConnectionSocket&) = delete;
  ConnectionSocket& operator=(const ConnectionSocket&) = delete;

  int fd() const { return fd_.get(); }

  // The peer's IP address, without the port; "" if the connection is broken.
  std::string RemoteAddress() const;

  // The bytes received and not consumed yet. Valid until the next call of
  // ReceiveRequest(), Read() or Drain().
  std::string_view Unread() const {
    return {buffer_.data() + begin_, end_ - begin_};
  }
  // Removes the first `size` bytes of Unread(), which has as many.
  void Consume(size_t size) { begin_ += size; }

  // Receives the first bytes of a request; Unread() is empty before. Waits up
  // to the idle timeout for them if `may_wait`. False on timeout, at the end of
  // the stream and after an error.
  bool ReceiveRequest(bool may_wait);

  // Reads in the middle of a request, as read(2) does: at most `size` bytes, of
  // Unread() first. 0 at the end of the stream, -1 after an error or the io
  // timeout.
  ssize_t Read(char* to, size_t size);

  // Waits up to the io timeout for bytes. True if there are bytes to read, or
  // the stream has ended.
  bool WaitReadable() const;

  // Sends `head` and then `body`, in one sendmsg(2) if the socket takes both.
  // False after an error, or if the peer receives nothing for one to two io
  // timeouts; nothing more can be sent then.
  bool Send(std::string_view head, std::string_view body);

  // Ends the stream and discards input, so that the peer can read the last
  // response: closing a socket with unread input sends a reset, at which the
  // peer may lose the response (RFC 9112, section 9.6). Ends with the peer's
  // stream, after 256 KiB, the io timeout, or one second without a byte.
  void Drain();

 private:
  // Most plain requests fit.
  static constexpr size_t kBufferSize = 8192;

  // Fills the buffer, which must be empty, with one recv(2); returns its
  // result.
  ssize_t Receive(int flags);

  const base::UniqueFd fd_;
  const Timeouts timeouts_;
  size_t begin_ = 0;
  size_t end_ = 0;
  std::array<char, kBufferSize> buffer_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_CONNECTION_SOCKET_H_
