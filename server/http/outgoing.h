// The rest of a response that a client has not taken yet.

#ifndef TALLYMAN_SERVER_HTTP_OUTGOING_H_
#define TALLYMAN_SERVER_HTTP_OUTGOING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/http.h"
#include "server/net/transport.h"

namespace tallyman::server {

// Bytes on their way to a transport. Owns them only if the transport does not
// take them at once. Not thread-safe.
class Outgoing {
 public:
  // Writes `text` and then `body`, a view of the body of `response`, which it
  // keeps if need be; HasRest() is false before. kOk if nothing is left.
  // Otherwise Continue() writes the rest.
  Transport::State Write(Transport& transport, std::string_view text,
                         std::string_view body, api::Response&& response);

  Transport::State Continue(Transport& transport);

  bool HasRest() const { return !text_.empty() || !body_.empty(); }
  size_t rest_bytes() const {
    return text_.size() - text_begin_ + body_.size();
  }

  // Drops the rest.
  void Reset();

 private:
  std::string text_;
  size_t text_begin_ = 0;
  std::string_view body_;  // Points into `response_`.
  std::optional<api::Response> response_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_OUTGOING_H_
