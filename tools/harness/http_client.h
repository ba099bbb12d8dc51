// A plain HTTP client for tests: says exactly what it is told, over a real
// socket, and shows exactly what came back.

#ifndef TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_
#define TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tallyman::harness {

struct ClientResponse {
  int status = 0;  // 0: the server closed the connection without an answer.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The value of a header, whatever the case of its name; "" if it is missing.
  std::string Header(std::string_view name) const;
};

// One connection to 127.0.0.1, kept over requests. Fails the process (CHECK) on
// socket errors that a test does not expect.
class HttpClient {
 public:
  explicit HttpClient(int port);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // True if something listens on the port.
  static bool CanConnect(int port);

  void Send(std::string_view bytes) const;
  // False if the connection is closed.
  bool TrySend(std::string_view bytes) const;

  // Reads one response, by its Content-Length. With `is_head` none follows the
  // headers.
  ClientResponse Receive(bool is_head = false);

  // True once the server has closed the connection; waits for that.
  bool IsClosed();

  // A whole request with the usual headers; `headers` are lines without ends.
  ClientResponse Request(std::string_view method, std::string_view target,
                         const std::vector<std::string>& headers = {},
                         std::optional<std::string_view> body = std::nullopt);

  // GET, with a token unless it is empty.
  ClientResponse Get(std::string_view target, std::string_view token = "");

 private:
  // Reads more into buffer_; false at the end.
  bool ReadMore();

  int fd_;
  std::string buffer_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_HTTP_CLIENT_H_
