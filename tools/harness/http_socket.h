// A TCP connection to a server on 127.0.0.1, and the head of an HTTP/1.1
// response (RFC 9112). HttpConnection and the measuring client of tools/bench
// are built from these two.

#ifndef TALLYMAN_TOOLS_HARNESS_HTTP_SOCKET_H_
#define TALLYMAN_TOOLS_HARNESS_HTTP_SOCKET_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"

namespace tallyman::harness {

// Separates the head of a response from its body.
inline constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct HttpHead {
  int status = 0;
  // Views of the parsed text, in its order; values without white space around
  // them.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::optional<size_t> body_size;  // Content-Length in bytes.
};

// Parses the lines before kHeadEnd. Internal if they are no head of a response.
absl::StatusOr<HttpHead> ParseHttpHead(std::string_view text);

// Movable; not thread-safe, except that one thread may send while another
// receives.
class HttpSocket {
 public:
  // Unavailable if nothing listens on the port. `timeout` bounds each
  // Receive().
  static absl::StatusOr<HttpSocket> Connect(
      int port, absl::Duration timeout = absl::InfiniteDuration());

  // Unavailable if the connection is closed.
  absl::Status Send(std::string_view bytes) const;

  // Tells the server that nothing more is sent; the client can still receive.
  void CloseWrite() const;

  // Waits for at least one byte and reads at most `size` bytes; how many.
  // DeadlineExceeded after the timeout, Unavailable if the connection is
  // closed.
  absl::StatusOr<size_t> Receive(char* to, size_t size) const;

  // True if Receive() would not wait: there are bytes, or the peer has closed
  // the connection.
  bool HasInput() const;

 private:
  explicit HttpSocket(base::UniqueFd fd) : fd_(std::move(fd)) {}

  base::UniqueFd fd_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_HTTP_SOCKET_H_
