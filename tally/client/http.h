// HTTP to one server, over TCP, TLS or a Unix socket. cpp-httplib ends here.
//
//   Http http(*endpoint, {});
//   absl::StatusOr<HttpAnswer> answer = http.Send({.target = "/stacks"});

#ifndef TALLYMAN_TALLY_CLIENT_HTTP_H_
#define TALLYMAN_TALLY_CLIENT_HTTP_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tally/client/endpoint.h"

namespace tallyman::tally {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  // Path and query, percent-encoded.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string content_type = {};  // Of the body; "": no body.
};

struct HttpAnswer {
  int status = 0;
  // Names in lower case, as they came.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The value of the first header of this name, in lower case; "" for none.
  std::string_view Header(std::string_view name) const;
};

// Unavailable has this payload if the head of an answer had come.
inline constexpr std::string_view kAnswerBegan = "tallyman/answer-began";

// Keeps one connection, and connects anew where that has been closed. Requests
// block. Not thread-safe, except for Stop().
class Http {
 public:
  struct Options {
    absl::Duration connect_timeout = absl::Seconds(5);
    // Between two pieces of an answer. A stream has at least a comment in 15 s.
    absl::Duration read_timeout = absl::Seconds(40);
  };

  Http(const Endpoint& endpoint, const Options& options);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  // Sends a request, with "Authorization: Bearer" and `token` unless that is
  // empty. Unavailable names the address and the reason if there is no whole
  // answer, Cancelled after Stop(). Any answer with a status is no error.
  absl::StatusOr<HttpAnswer> Send(const HttpRequest& request,
                                  const auth::Secret& token);

  // The same, and calls `on_piece` with pieces of the body as they come, if the
  // status is 200; the body of the answer is then empty. Returns early, with
  // the answer so far, after `on_piece` has returned false.
  absl::StatusOr<HttpAnswer> Stream(
      const HttpRequest& request, const auth::Secret& token,
      const std::function<bool(std::string_view piece)>& on_piece);

  // Ends the request under way and all later ones. Thread-safe.
  void Stop();

 private:
  class Client;
  std::unique_ptr<Client> client_;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_HTTP_H_
