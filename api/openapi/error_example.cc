#include "api/openapi/error_example.h"

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "api/description/operation.h"
#include "api/description/schema.h"
#include "api/host/host_envelope.h"
#include "api/http/error.h"
#include "api/stacks/stacks_envelope.h"

namespace tallyman::api {
namespace {

// The details of an error that a client may see.
std::string_view Details(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadRequest:
      return "unknown parameter \"limt\"; the nearest is \"limit\"";
    case ErrorKind::kUnauthenticated:
      return "the token is missing; send the header \"Authorization: Bearer "
             "TOKEN\"";
    case ErrorKind::kForbidden:
      return "the token \"dashboard\" does not have the scope \"admin\"";
    case ErrorKind::kNotFound:
      return "there is no stack \"5999b763474b0eafa5fafb64bff0ba80\"";
    case ErrorKind::kMethodNotAllowed:
      return "\"/server/processes\" does not know PUT; it knows GET, HEAD, "
             "OPTIONS";
    case ErrorKind::kConflict:
      return "Idempotency-Key: was used for another request";
    case ErrorKind::kPreconditionFailed:
      return "If-Match: the process \"web\" has changed";
    case ErrorKind::kPayloadTooLarge:
      return "the body has more than 1048576 bytes (--max_body_bytes)";
    case ErrorKind::kUnsupportedMediaType:
      return "the Content-Type is \"text/plain\"; send application/json";
    case ErrorKind::kMisdirectedRequest:
      return "Host \"example.com\" is not a name of this server "
             "(--allowed_hosts)";
    case ErrorKind::kThrottled:
      return "the token's limit of 3600 requests is used up until "
             "2016-01-01T20:00:00Z";
    case ErrorKind::kInternal:
      return "the server failed; its log has the reason";
    case ErrorKind::kNotImplemented:
      return "this server runs no stacks, since its system is not Linux";
    case ErrorKind::kUnavailable:
      return "the server can't read or write its data now; try again later";
    default:
      return {};
  }
}

}  // namespace

const Schema& ErrorSchema(ApiFamily family) {
  return family == ApiFamily::kHost ? kHostErrorSchema : kStacksErrorSchema;
}

const Schema& ErrorSchema(ApiFamily family, ErrorKind kind) {
  static constexpr Schema kEither =
      Either(kHostErrorSchema, kStacksErrorSchema);
  const bool is_early = kind == ErrorKind::kRequestTimeout ||
                        kind == ErrorKind::kUriTooLong ||
                        kind == ErrorKind::kHeadersTooLarge;
  return is_early && family == ApiFamily::kHost ? kEither : ErrorSchema(family);
}

std::string ErrorExample(ApiFamily family, ErrorKind kind) {
  const Error error = {.kind = kind, .details = std::string(Details(kind))};
  return family == ApiFamily::kHost
             ? RenderHostError(error, absl::FromUnixSeconds(1451675285),
                               absl::UTCTimeZone())
             : RenderStacksError(error);
}

}  // namespace tallyman::api
