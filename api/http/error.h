// What goes wrong, as clients are told: one table from status codes to HTTP.

#ifndef TALLYMAN_API_HTTP_ERROR_H_
#define TALLYMAN_API_HTTP_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tallyman::api {

// The kinds of errors of the API, each with its HTTP status and its name.
enum class ErrorKind {
  kBadRequest,            // 400 bad_request
  kUnauthenticated,       // 401 unauthenticated
  kForbidden,             // 403 forbidden
  kNotFound,              // 404 not_found
  kMethodNotAllowed,      // 405 method_not_allowed
  kConflict,              // 409 conflict
  kPreconditionFailed,    // 412 precondition_failed
  kPayloadTooLarge,       // 413 payload_too_large
  kUriTooLong,            // 414 uri_too_long
  kUnsupportedMediaType,  // 415 unsupported_media_type
  kThrottled,             // 429 throttled
  kInternal,              // 500 internal_error
  kUnavailable,           // 503 unavailable
};

int HttpStatus(ErrorKind kind);

// "bad_request", ...: the machine-readable name.
std::string_view ErrorName(ErrorKind kind);

// A sentence that describes the kind: "The request is malformed.".
std::string_view ErrorDescription(ErrorKind kind);

// The kind whose HTTP status is `status`; for any other status the kind that
// its class stands for (400 or 500).
ErrorKind ErrorKindOfHttpStatus(int status);

// An error as a value. `details` says what was wrong in words that its reader
// can act on.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string details;
};

// By the code of `status`, which must not be ok: InvalidArgument and OutOfRange
// are 400, Unauthenticated 401, PermissionDenied 403, NotFound 404,
// AlreadyExists, FailedPrecondition and Aborted 409, ResourceExhausted 429,
// Unavailable and DeadlineExceeded 503, all others 500.
Error ErrorFromStatus(const absl::Status& status);

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_ERROR_H_
