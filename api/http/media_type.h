// Media types: the one reader of Content-Type (RFC 9110, section 8.3) and
// Accept.
//
//   if (!HasContentType(request, kJsonMediaType)) {
//     return UnsupportedMediaType(request, "application/json");  // 415
//   }

#ifndef TALLYMAN_API_HTTP_MEDIA_TYPE_H_
#define TALLYMAN_API_HTTP_MEDIA_TYPE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/error.h"
#include "api/http/http.h"

namespace tallyman::api {

inline constexpr std::string_view kJsonMediaType = "application/json";
inline constexpr std::string_view kFormMediaType =
    "application/x-www-form-urlencoded";

// A plain value.
struct MediaType {
  std::string name;  // "type/subtype" in lower case.
  // Names in lower case, values without their quotation marks and escapes, in
  // the order of the header. Names may repeat.
  std::vector<std::pair<std::string, std::string>> parameters;
};

// Reads `text` by the grammar of RFC 9110, section 8.3.1, with optional
// whitespace around it. nullopt if it does not begin with a type and a subtype,
// or if anything but parameters follows them. A malformed parameter ends the
// list of parameters but leaves the type valid: no request is refused for it.
std::optional<MediaType> ParseMediaType(std::string_view text);

// True if the first Content-Type of `request` is `name` ("application/json"),
// with any parameters.
bool HasContentType(const Request& request, std::string_view name);

// True if the Accept headers of `request` (RFC 9110, section 12.5.1) name
// `name` itself, with a greater quality than `other` or, if they do not name
// `other` itself, with any quality but 0. Ranges with * name no type.
bool Prefers(const Request& request, std::string_view name,
             std::string_view other);

// The error 415, which quotes the Content-Type of `request`. `expected` names
// the types that the resource takes, for example with a sample of a body.
Error UnsupportedMediaType(const Request& request, std::string_view expected);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_MEDIA_TYPE_H_
