// Targets of requests (RFC 9112, section 3.2; RFC 3986).

#ifndef TALLYMAN_SERVER_HTTP_REQUEST_TARGET_H_
#define TALLYMAN_SERVER_HTTP_REQUEST_TARGET_H_

#include <cstddef>
#include <string_view>

#include "api/http/http.h"

namespace tallyman::server {

// The largest target in bytes; that of the HTTP library.
inline constexpr size_t kMaxTargetBytes = 8192;

// Splits a target in origin-form at the first '?' into the path and the decoded
// query of `request`.
void SetTarget(std::string_view target, api::Request& request);

// The origin-form of a valid target: drops scheme and host of the absolute
// form, which clients send to proxies (RFC 9112, section 3.2.2).
std::string_view OriginForm(std::string_view target);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_REQUEST_TARGET_H_
