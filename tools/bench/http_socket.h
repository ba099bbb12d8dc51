// What HTTP clients on loopback have in common: a connection, and the head of
// an answer.

#ifndef TALLYMAN_TOOLS_BENCH_HTTP_SOCKET_H_
#define TALLYMAN_TOOLS_BENCH_HTTP_SOCKET_H_

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/base/unique_fd.h"

namespace tallyman::bench {

// Divides the head of an answer from its body.
inline constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct HttpHead {
  int status = 0;
  size_t body_size = 0;  // Content-Length; there has to be one.
};

// Of the lines before kHeadEnd. Internal for what is no head.
absl::StatusOr<HttpHead> ParseHttpHead(std::string_view text);

// A TCP connection to 127.0.0.1. Movable; not thread-safe.
class HttpSocket {
 public:
  static absl::StatusOr<HttpSocket> Connect(int port);

  absl::Status Send(std::string_view bytes) const;

  // Waits for bytes, at most `size`, and tells how many came. DeadlineExceeded
  // when none come for a minute, Unavailable when the peer has closed it.
  absl::StatusOr<size_t> Receive(char* to, size_t size) const;

 private:
  explicit HttpSocket(base::UniqueFd fd) : fd_(std::move(fd)) {}

  base::UniqueFd fd_;
};

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_HTTP_SOCKET_H_
