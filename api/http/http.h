// HTTP requests and responses as plain values, so that everything that answers
// a request can be tested without a socket.

#ifndef TALLYMAN_API_HTTP_HTTP_H_
#define TALLYMAN_API_HTTP_HTTP_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "api/http/params.h"

namespace tallyman::api {

// One request, complete with its body. The views point into memory of the
// connection and are valid while the request is being answered.
struct Request {
  std::string_view method;  // "GET"; case-sensitive (RFC 9110, section 9.1).
  std::string_view path;    // As sent, percent-encoded, without the query.
  Params params;            // The decoded query.
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  std::string_view remote_address;  // The peer's IP address, without the port.

  // The first header of that name, whatever its case; "" if there is none.
  std::string_view Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::EqualsIgnoreCase(key, name)) return value;
    }
    return {};
  }
};

// One response. Date, Content-Length and what is about the connection are the
// transport's business.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Used instead of `body` when it is set: a text that several responses have
  // in common, such as one that a handler keeps while it stays true. The
  // transport sends it without copying it, and shares its ownership until it is
  // sent. Nobody may change it any more.
  std::shared_ptr<const std::string> shared_body = nullptr;

  // What is sent; valid until the response changes.
  std::string_view BodyView() const {
    return shared_body == nullptr ? body : *shared_body;
  }

  void AddHeader(std::string_view name, std::string value) {
    if (headers.empty()) headers.reserve(8);  // What most responses have.
    headers.emplace_back(std::string(name), std::move(value));
  }
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_HTTP_H_
