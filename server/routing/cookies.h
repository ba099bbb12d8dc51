// Reads cookies from requests (RFC 6265).

#ifndef TALLYMAN_SERVER_ROUTING_COOKIES_H_
#define TALLYMAN_SERVER_ROUTING_COOKIES_H_

#include <string_view>
#include <vector>

#include "api/http/http.h"

namespace tallyman::server {

// The values of all cookies `name` in `header`, the value of a Cookie header
// (RFC 6265, section 4.2.1), in order. Names are compared with their case. A
// value is given as it was sent, with quotation marks if it has any; a part
// without "=" is no cookie. They point into `header`. Thread-safe.
std::vector<std::string_view> CookiesNamed(std::string_view name,
                                           std::string_view header);

// The same for all Cookie headers of `request`.
std::vector<std::string_view> CookiesNamed(std::string_view name,
                                           const api::Request& request);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_ROUTING_COOKIES_H_
