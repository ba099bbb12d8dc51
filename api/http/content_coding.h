// Content codings: the one reader of Accept-Encoding (RFC 9110, section
// 12.5.3).
//
//   response.AddHeader("Vary", "Accept-Encoding");
//   if (PrefersGzip(request)) { ... }

#ifndef TALLYMAN_API_HTTP_CONTENT_CODING_H_
#define TALLYMAN_API_HTTP_CONTENT_CODING_H_

#include "api/http/http.h"

namespace tallyman::api {

// True if the Accept-Encoding headers of `request` accept gzip, by name or by
// "*", with a quality above 0 and no lower than that of "identity" where they
// name it. False without such a header. An entry with a malformed quality is
// not accepted.
bool PrefersGzip(const Request& request);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_CONTENT_CODING_H_
