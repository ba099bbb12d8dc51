// An HTTP client for tests: sends the very bytes that a test states, over a
// real socket, and shows the very response. Dies (CHECK) on any error of the
// connection that the test does not ask about.

#ifndef TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_
#define TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/harness/http_connection.h"

namespace tallyman::harness {

// One connection to 127.0.0.1 that stays open between requests. Not
// thread-safe, except that one thread may send while another receives.
class HttpClient {
 public:
  explicit HttpClient(int port);

  // True if something listens on the port.
  static bool CanConnect(int port);

  void Send(std::string_view bytes) const;
  // False if the server has closed the connection.
  bool TrySend(std::string_view bytes) const;

  // Reads one response; see HttpConnection::Receive(). The status is 0 if the
  // server closes the connection without a response.
  ClientResponse Receive(bool is_head = false);

  // Waits for the next byte or the end of the connection; true if it is the
  // end.
  bool IsClosed() { return connection_.AwaitClose(); }

  // A whole request; `headers` are lines without line ends. See
  // HttpConnection::Request().
  ClientResponse Request(std::string_view method, std::string_view target,
                         const std::vector<std::string>& headers = {},
                         std::optional<std::string_view> body = std::nullopt);

  // GET, with "Authorization: Bearer" unless `token` is empty.
  ClientResponse Get(std::string_view target, std::string_view token = "");

 private:
  HttpConnection connection_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_
