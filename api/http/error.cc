#include "api/http/error.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/storage_error.h"

namespace tallyman::api {
namespace {

struct Row {
  ErrorKind kind;
  int http_status;
  std::string_view name;
  std::string_view description;
};

constexpr std::array<Row, 18> kRows = {{
    {ErrorKind::kBadRequest, 400, "bad_request", "The request is malformed."},
    {ErrorKind::kUnauthenticated, 401, "unauthenticated",
     "The request needs a valid token."},
    {ErrorKind::kForbidden, 403, "forbidden",
     "The token does not allow this request."},
    {ErrorKind::kNotFound, 404, "not_found", "There is no such resource."},
    {ErrorKind::kMethodNotAllowed, 405, "method_not_allowed",
     "The resource does not know this method."},
    {ErrorKind::kRequestTimeout, 408, "request_timeout",
     "The request did not arrive in time."},
    {ErrorKind::kConflict, 409, "conflict",
     "The request does not fit the state of the resource."},
    {ErrorKind::kPreconditionFailed, 412, "precondition_failed",
     "The resource is not as the request expects it."},
    {ErrorKind::kPayloadTooLarge, 413, "payload_too_large",
     "The body of the request is too large."},
    {ErrorKind::kUriTooLong, 414, "uri_too_long",
     "The address of the request is too long."},
    {ErrorKind::kUnsupportedMediaType, 415, "unsupported_media_type",
     "The body of the request has a type that is not understood."},
    {ErrorKind::kExpectationFailed, 417, "expectation_failed",
     "The request expects what the server does not do."},
    {ErrorKind::kMisdirectedRequest, 421, "misdirected_request",
     "This server does not serve the host of the request."},
    {ErrorKind::kThrottled, 429, "throttled", "There were too many requests."},
    {ErrorKind::kHeadersTooLarge, 431, "headers_too_large",
     "The headers of the request are too large."},
    {ErrorKind::kInternal, 500, "internal_error",
     "The server could not answer the request."},
    {ErrorKind::kNotImplemented, 501, "not_implemented",
     "The server does not do this on its operating system."},
    {ErrorKind::kUnavailable, 503, "unavailable",
     "The server can't answer just now."},
}};

const Row& RowOf(ErrorKind kind) { return kRows[static_cast<size_t>(kind)]; }

constexpr bool IsInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].kind != static_cast<ErrorKind>(i)) return false;
  }
  return true;
}
static_assert(IsInOrder());

ErrorKind KindOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ErrorKind::kBadRequest;
    case absl::StatusCode::kUnauthenticated:
      return ErrorKind::kUnauthenticated;
    case absl::StatusCode::kPermissionDenied:
      return ErrorKind::kForbidden;
    case absl::StatusCode::kNotFound:
      return ErrorKind::kNotFound;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return ErrorKind::kConflict;
    case absl::StatusCode::kResourceExhausted:
      return ErrorKind::kThrottled;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ErrorKind::kUnavailable;
    default:
      return ErrorKind::kInternal;
  }
}

}  // namespace

int HttpStatus(ErrorKind kind) { return RowOf(kind).http_status; }

std::string_view ErrorName(ErrorKind kind) { return RowOf(kind).name; }

std::string_view ErrorDescription(ErrorKind kind) {
  return RowOf(kind).description;
}

absl::Span<const std::string_view> ErrorNames() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kRows.size()> names;
    for (size_t i = 0; i < kRows.size(); ++i) names[i] = kRows[i].name;
    return names;
  }();
  return kNames;
}

ErrorKind ErrorKindOfHttpStatus(int status) {
  for (const Row& row : kRows) {
    if (row.http_status == status) return row.kind;
  }
  return status >= 500 ? ErrorKind::kInternal : ErrorKind::kBadRequest;
}

Error ErrorFromStatus(const absl::Status& status) {
  const ErrorKind kind = KindOfCode(status.code());
  // An error of the database or a file names paths of this machine, whatever
  // its code.
  if (kind == ErrorKind::kUnavailable || kind == ErrorKind::kInternal ||
      storage::IsStorageError(status)) {
    return ServerFault(status);
  }
  return {.kind = kind, .details = std::string(status.message())};
}

Error ServerFault(const absl::Status& status, std::string_view details) {
  const bool may_pass = KindOfCode(status.code()) == ErrorKind::kUnavailable ||
                        status.code() == absl::StatusCode::kResourceExhausted;
  if (details.empty()) {
    details = may_pass ? "the server can't read or write its data now; try "
                         "again later"
                       : "the server failed; its log has the reason";
  }
  return {.kind = may_pass ? ErrorKind::kUnavailable : ErrorKind::kInternal,
          .details = std::string(details),
          .log_reason = std::string(status.message())};
}

}  // namespace tallyman::api
