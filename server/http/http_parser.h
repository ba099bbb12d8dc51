// Reads plain HTTP/1.1 requests (RFC 9112) from a buffer, without copying them:
//
//   api::Request request;
//   if (const auto size = ParsePlainRequest(bytes, request)) {
//     Answer(request);
//     bytes.remove_prefix(*size);  // what follows is the next request
//   } else {
//     // Somebody else has to look at these bytes.
//   }
//
// The parser decides nothing that could be disputed. What it takes is certain
// to be well-formed, to have no body and to end where it says, so that nothing
// can be smuggled past it; all else, whether malformed, unusual or just not
// there to its end, it leaves to the general engine
// (server/http/httplib_adapter.h), which alone answers errors.

#ifndef TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_
#define TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/http/http.h"

namespace tallyman::server {

// Most headers of a plain request.
inline constexpr size_t kMaxPlainHeaders = 32;

// If `bytes` begin with a whole plain request, its size, and `request` is that
// request: method, path, params and headers point into `bytes`, the body is
// empty, the remote address stays as it was. Otherwise nullopt, and what of
// `request` was changed is not said. A request that is used again keeps the
// memory of its headers. Thread-safe.
//
// Plain is: GET or HEAD; a target in origin-form (section 3.2.1) of visible
// ASCII without '#'; HTTP/1.1; lines that end with CRLF; 1 to kMaxPlainHeaders
// headers, each name once, Host among them; no white space before or in names;
// values of visible ASCII, with spaces in between, without '%' (which the
// engine decodes); none of Content-Length, Transfer-Encoding, Expect, Upgrade
// and Range; of Connection only "keep-alive", of Accept only one media type
// without parameters.
std::optional<size_t> ParsePlainRequest(std::string_view bytes,
                                        api::Request& request);

// Divides a target in origin-form into the path and the decoded query of
// `request`.
void SetTarget(std::string_view target, api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_HTTP_PARSER_H_
