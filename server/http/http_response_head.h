// Renders the heads of HTTP/1.1 responses (RFC 9112, sections 4 and 5).

#ifndef TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_
#define TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/http/http.h"

namespace tallyman::server {

// The headers of a response that concern its connection.
struct ConnectionInfo {
  bool closes = false;  // "Connection: close".
  // "Keep-Alive: timeout=..." of a connection that is kept; 0: no such header.
  int64_t idle_seconds = 0;
  // The client speaks HTTP/1.0: a kept connection has "Connection: keep-alive",
  // and a streamed body ends with the connection.
  bool is_http_1_0 = false;
};

// The value of a Date header: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110,
// section 5.6.7).
std::string HttpDate(absl::Time time);

// HttpDate() of now, rendered once a second. Valid until the thread's next
// call.
std::string_view HttpDateNow();

// Appends the status line, the headers and the empty line to `out`. A header
// that every response needs goes here. `date` is the value of the Date header
// (RFC 9110, section 6.6.1); "" for none. Content-Length is the size of
// BodyView(), also in the response to HEAD; a status without a body (204, 304)
// has none. A streamed body is chunked. Omits a header whose name is not a
// token or whose value has control characters, since it could forge other
// headers. Thread-safe.
void AppendResponseHead(const api::Response& response,
                        const ConnectionInfo& connection, std::string_view date,
                        std::string& out);

// Whether a response with this status has no body (RFC 9110, section 6.4.1).
bool HasNoBody(int status);

// "OK", "Not Found", ...; "" for a status that the server never sends.
std::string_view ReasonPhrase(int status);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_
