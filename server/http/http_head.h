// The strict reader of request heads (RFC 9112, sections 2 to 6): finds the end
// of a head, refuses what two implementations could read differently, and says
// how the body is framed.
//
//   if (scanner.Scan(bytes) == HeadScanner::State::kComplete) {
//     HttpHead head;
//     auto error = ParseHead(bytes.substr(0, scanner.size()), head, request);
//   }

#ifndef TALLYMAN_SERVER_HTTP_HTTP_HEAD_H_
#define TALLYMAN_SERVER_HTTP_HTTP_HEAD_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/http/error.h"
#include "api/http/http.h"

namespace tallyman::server {

// The largest head and the largest header line in bytes, and the largest number
// of headers. The last two are those of the HTTP library.
inline constexpr size_t kMaxHeadBytes = size_t{64} << 10;
inline constexpr size_t kMaxHeaderBytes = 8192;
inline constexpr size_t kMaxHeaders = 100;

// Finds the empty line that ends a head, in bytes that arrive piece by piece,
// and looks at each byte once.
class HeadScanner {
 public:
  enum class State { kIncomplete, kComplete, kMalformed, kTooLarge };

  // `bytes` begins with the head; a later call has the same bytes and more.
  // kMalformed: there is a line end other than CRLF, or a NUL.
  State Scan(std::string_view bytes);

  // The size of the head with its empty line; if it is complete.
  size_t size() const { return scanned_; }

  void Reset() { *this = HeadScanner(); }

 private:
  size_t scanned_ = 0;
  size_t line_begin_ = 0;
};

// What a head says about the framing of its request and about its connection.
struct HttpHead {
  bool is_http_1_0 = false;
  bool is_chunked = false;    // Transfer-Encoding: chunked.
  size_t content_length = 0;  // 0 if there is none.
  bool expects_continue = false;
  bool wants_close = false;       // "Connection: close".
  bool wants_keep_alive = false;  // "Connection: keep-alive".

  bool HasBody() const { return is_chunked || content_length > 0; }
  // Whether the connection ends after this request (RFC 9112, section 9.3).
  bool EndsConnection() const {
    return wants_close || (is_http_1_0 && !wants_keep_alive);
  }
};

// Parses a complete head, which ends with an empty line, into `head`, and into
// `request` as ParsePlainRequest() does. The error says what is malformed;
// nothing after such a head can be a request, and `request` has what could be
// read. Refuses, beside malformed lines: no Host in HTTP/1.1, two of them, an
// invalid one; folded lines (obs-fold); white space before a colon; several or
// unusual lengths, a length beside chunked, transfer codings other than
// chunked, any in HTTP/1.0; a target that is neither origin-form, absolute-form
// nor the asterisk of OPTIONS.
std::optional<api::Error> ParseHead(std::string_view bytes, HttpHead& head,
                                    api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_HEAD_H_
