// HTTP/1.1 over one connection, with errors as absl::Status. Tests that expect
// no error take HttpClient instead.

#ifndef TALLYMAN_TOOLS_HARNESS_HTTP_CONNECTION_H_
#define TALLYMAN_TOOLS_HARNESS_HTTP_CONNECTION_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/harness/http_socket.h"

namespace tallyman::harness {

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The value of a header, whose name may be in any case; "" if it is missing.
  std::string Header(std::string_view name) const;
};

// A connection to 127.0.0.1 that stays open between requests. After an error it
// is useless. Movable; not thread-safe, except that one thread may Send() while
// another receives.
class HttpConnection {
 public:
  // As HttpSocket::Connect().
  static absl::StatusOr<HttpConnection> Connect(
      int port, absl::Duration timeout = absl::InfiniteDuration());

  // Any bytes: not only requests.
  absl::Status Send(std::string_view bytes) const {
    return socket_.Send(bytes);
  }

  // Reads one response; its body by Content-Length, empty without. `is_head`:
  // no body follows, whatever Content-Length says. Unavailable if the
  // connection is closed before the end of the head, DataLoss if within the
  // body, DeadlineExceeded after the timeout, Internal if the bytes are no
  // response.
  absl::StatusOr<ClientResponse> Receive(bool is_head = false);

  // Sends a request with the headers Host and, if there is a body,
  // Content-Length; receives the response. `headers` are whole lines without
  // line ends.
  absl::StatusOr<ClientResponse> Request(
      std::string_view method, std::string_view target,
      const std::vector<std::string>& headers = {},
      std::optional<std::string_view> body = std::nullopt);

  // True while the server has not closed the connection and no bytes are left
  // to be received: another request can be sent.
  bool IsReusable() const { return buffer_.empty() && !socket_.HasInput(); }

  // Waits for the next byte or the end of the connection; true if it is the
  // end.
  bool AwaitClose();

 private:
  explicit HttpConnection(HttpSocket socket) : socket_(std::move(socket)) {}

  absl::Status ReceiveMore();

  HttpSocket socket_;
  std::string buffer_;  // Received, and not yet part of a response.
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_HTTP_CONNECTION_H_
