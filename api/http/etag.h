// Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13.1).
//
//   response.AddHeader("ETag", StrongEtag(representation));
//   if (IsUnchanged(request, etag)) return NotModified(etag);  // 304

#ifndef TALLYMAN_API_HTTP_ETAG_H_
#define TALLYMAN_API_HTTP_ETAG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "api/http/http.h"

namespace tallyman::api {

// The first 128 bits of the SHA-256 of `text`, as 32 lower-case hex digits.
// Collision-resistant: equal hashes mean equal texts.
std::string ContentHash(std::string_view text);

// The strong entity tag of a representation, including its quotation marks.
std::string StrongEtag(std::string_view representation);

// The list of entity tags in If-Match or If-None-Match.
struct EtagList {
  struct Tag {
    bool is_weak = false;
    std::string opaque;  // Includes the quotation marks.
  };
  bool any = false;  // "*"
  std::vector<Tag> tags;

  // Whether the list contains the strong tag `etag` (RFC 9110,
  // section 8.8.3.2). The strong comparison ignores weak tags of the list; the
  // weak comparison ignores their W/.
  bool HasStrong(std::string_view etag) const;
  bool HasWeak(std::string_view etag) const;
};

// Reads "*" or a comma-separated list of tags. InvalidArgument quotes the text
// and gives the position of the error in bytes.
absl::StatusOr<EtagList> ParseEtagList(std::string_view text);

// The list in all If-Match headers together; nullopt if there is none.
// InvalidArgument names the header.
absl::StatusOr<std::optional<EtagList>> ParseIfMatch(const Request& request);

// True if If-None-Match lists `etag`: the client has the current
// representation, and GET returns 304. Ignores a malformed header, since the
// full response is always correct.
bool IsUnchanged(const Request& request, std::string_view etag);

// The response 304 with the header ETag.
Response NotModified(std::string_view etag);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_ETAG_H_
