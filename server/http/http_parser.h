// Reads plain HTTP/1.1 requests (RFC 9112) from a buffer, without copying them:
//
//   api::Request request;
//   if (const auto size = ParsePlainRequest(bytes, request)) {
//     Answer(request);
//     bytes.remove_prefix(*size);  // The next request follows.
//   } else {
//     // Leave the bytes to ParseHead().
//   }
//
// The parser accepts a request only if every HTTP implementation agrees that it
// is well-formed, has no body and ends there, so that no request can be
// smuggled past it. All others (malformed, unusual, incomplete) are left to
// server/http/http_head.h, which alone refuses requests.

#ifndef TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_
#define TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/http/http.h"

namespace tallyman::server {

// The largest number of headers of a plain request.
inline constexpr size_t kMaxPlainHeaders = 32;

// Parses the plain request at the begin of `bytes` into `request` and returns
// its size: method, path, params and headers point into `bytes`, the body is
// empty, the remote address is unchanged. nullopt if there is no complete plain
// request; the state of `request` is unspecified then. Reusing `request` reuses
// the memory of its headers. Thread-safe.
//
// A plain request is: GET or HEAD; a target in origin-form (section 3.2.1) of
// visible ASCII without '#'; HTTP/1.1; lines that end with CRLF; 1 to
// kMaxPlainHeaders headers, each name once, Host among them; no white space
// before or in names; values of visible ASCII, with spaces in between, without
// '%' (which the HTTP library decodes); none of Content-Length,
// Transfer-Encoding, Expect, Upgrade and Range; of Connection only
// "keep-alive", of Accept only one media type without parameters.
std::optional<size_t> ParsePlainRequest(std::string_view bytes,
                                        api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_
