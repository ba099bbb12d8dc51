// HTTP requests and responses as plain values. Handlers take and return them,
// so tests need no socket.

#ifndef TALLYMAN_API_HTTP_HTTP_H_
#define TALLYMAN_API_HTTP_HTTP_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "api/http/body_stream.h"
#include "api/http/params.h"

namespace tallyman::api {

// One complete request. The views point into the buffer of the connection and
// are valid until the response is sent.
struct Request {
  std::string_view method;  // "GET"; case-sensitive (RFC 9110, section 9.1).
  std::string_view path;    // As sent, percent-encoded, without the query.
  Params params;            // The decoded query.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  std::string_view remote_address;  // The peer's IP address, without the port.
  bool is_encrypted = false;        // It came over TLS.

  // The value of the first header `name`, ignoring case; "" if there is none.
  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::EqualsIgnoreCase(key, name)) return value;
    }
    return {};
  }
};

// One response. The transport adds Date, Content-Length and the headers of the
// connection.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  // Of the header Cache-Control: most responses describe this moment, and URLs
  // may carry tokens. A constant.
  std::string_view cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // If set, replaces `body`. Several responses may share it, such as a body
  // that a handler caches. Immutable; the transport sends it without a copy and
  // holds a reference until then.
  std::shared_ptr<const std::string> shared_body = nullptr;
  // If set, makes the body while it is sent; `body` and `shared_body` are
  // empty. The transport drops it when the connection ends.
  std::unique_ptr<BodyStream> stream = nullptr;

  // The body to send; valid until the response changes.
  std::string_view BodyView() const {
    return shared_body == nullptr ? body : *shared_body;
  }

  void AddHeader(std::string_view name, std::string value) {
    if (headers.empty()) headers.reserve(8);  // Enough for most responses.
    headers.emplace_back(std::string(name), std::move(value));
  }
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_HTTP_H_
