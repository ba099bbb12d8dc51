// Errors of the API: one table from status codes to HTTP, and the one place
// that decides which messages clients see and which only the log gets.

#ifndef TALLYMAN_API_HTTP_ERROR_H_
#define TALLYMAN_API_HTTP_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace tallyman::api {

// The kinds of errors, each with its HTTP status and its machine-readable name.
enum class ErrorKind {
  kBadRequest,            // 400 bad_request
  kUnauthenticated,       // 401 unauthenticated
  kForbidden,             // 403 forbidden
  kNotFound,              // 404 not_found
  kMethodNotAllowed,      // 405 method_not_allowed
  kRequestTimeout,        // 408 request_timeout
  kConflict,              // 409 conflict
  kPreconditionFailed,    // 412 precondition_failed
  kPayloadTooLarge,       // 413 payload_too_large
  kUriTooLong,            // 414 uri_too_long
  kUnsupportedMediaType,  // 415 unsupported_media_type
  kExpectationFailed,     // 417 expectation_failed
  kMisdirectedRequest,    // 421 misdirected_request
  kThrottled,             // 429 throttled
  kHeadersTooLarge,       // 431 headers_too_large
  kInternal,              // 500 internal_error
  kNotImplemented,        // 501 not_implemented
  kUnavailable,           // 503 unavailable
};

int HttpStatus(ErrorKind kind);

// The machine-readable name: "bad_request".
std::string_view ErrorName(ErrorKind kind);

// A sentence that describes the kind: "The request is malformed.".
std::string_view ErrorDescription(ErrorKind kind);

// The names of all kinds, in the order of ErrorKind, which is that of their
// statuses.
absl::Span<const std::string_view> ErrorNames();

// The kind whose HTTP status is `status`. Any other status gets the kind of its
// class: kInternal from 500 on, kBadRequest below.
ErrorKind ErrorKindOfHttpStatus(int status);

// An error as a value.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  // For the client: the value that is wrong, its place and a hint. "" if the
  // description of the kind suffices. Names no file of the server.
  std::string details;
  // For the server's log, never for the client: why the server is at fault. ""
  // if the client is, or if the log has the reason already.
  std::string log_reason = {};
};

// The error for `status`, which must not be ok. Its code decides who reads its
// message:
//   - The client is at fault: the message becomes `details`. InvalidArgument
//   and
//     OutOfRange are 400, Unauthenticated 401, PermissionDenied 403, NotFound
//     404, AlreadyExists, FailedPrecondition and Aborted 409, ResourceExhausted
//     (a quota of the client) 429.
//   - The server is at fault: ServerFault(). Unavailable and DeadlineExceeded
//     are 503, all others (Internal, DataLoss, Unknown, ...) 500.
Error ErrorFromStatus(const absl::Status& status);

// The error for a failure that is the server's whatever the code of `status`,
// such as that of a system call. The message, which may name files of the
// server, becomes `log_reason`. `details` are for the client; "" stands for a
// plain sentence. Unavailable, DeadlineExceeded and ResourceExhausted (here: of
// the server) are 503, all others 500.
Error ServerFault(const absl::Status& status, std::string_view details = {});

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HTTP_ERROR_H_
