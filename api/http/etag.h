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

// The first 128 bits of the SHA-256 of `text`, as 32 lower-case hex digits: the
// same text, and for all purposes only that, has the same hash.
std::string ContentHash(std::string_view text);

// The strong entity tag of a representation, in its quotation marks.
std::string StrongEtag(std::string_view representation);

// A list of entity tags, as If-Match and If-None-Match have it.
struct EtagList {
  struct Tag {
    bool is_weak = false;
    std::string opaque;  // With its quotation marks.
  };
  bool any = false;  // "*"
  std::vector<Tag> tags;

  // Whether `etag`, a strong one, is among them. By the strong comparison weak
  // tags of the list are equal to none; by the weak one the W/ doesn't count.
  bool HasStrong(std::string_view etag) const;
  bool HasWeak(std::string_view etag) const;
};

// Reads "*" or tags divided by commas. InvalidArgument quotes what is neither,
// and where.
absl::StatusOr<EtagList> ParseEtagList(std::string_view text);

// The list of the header If-Match, all of its lines together; nullopt if there
// is none. InvalidArgument names the header.
absl::StatusOr<std::optional<EtagList>> ParseIfMatch(const Request& request);

// True if If-None-Match says that the client has the representation whose tag
// is `etag`, so that the answer to GET is 304. A malformed header is ignored:
// the full answer is right in any case.
bool IsUnchanged(const Request& request, std::string_view etag);

// The answer 304.
Response NotModified(std::string_view etag);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_ETAG_H_
