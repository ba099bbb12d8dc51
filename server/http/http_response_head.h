// Writes the heads of HTTP/1.1 responses (RFC 9112, sections 4 and 5).

#ifndef TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_
#define TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/http/http.h"

namespace tallyman::server {

// What becomes of the connection after a response.
struct AfterResponse {
  bool closes = false;
  // How long a kept connection may be idle; 0 says nothing of it.
  int64_t idle_seconds = 0;
};

// The value of a Date header: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110,
// section 5.6.7).
std::string HttpDate(absl::Time time);

// The same for now, which is cheap. Valid until the next call of this thread.
std::string_view HttpDateNow();

// Appends the status line, the headers and the empty line to `out`. Has a Date
// (RFC 9110, section 6.6.1) unless `date` is empty. Says how long BodyView()
// is, except where there can be no body (204, 304). A header
// that can't be written without changing the meaning of others, since its name
// is no token or its value has control characters, is left out. The answer to
// HEAD has the same head as that to GET. Thread-safe.
void AppendResponseHead(const api::Response& response,
                        const AfterResponse& after, std::string_view date,
                        std::string& out);

// Whether responses with this status have no body, whatever is in them.
bool HasNoBody(int status);

// "OK", "Not Found", ...; "" for a status that nothing here answers.
std::string_view ReasonPhrase(int status);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_RESPONSE_HEAD_H_
