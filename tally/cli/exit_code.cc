#include "tally/cli/exit_code.h"

#include <string_view>

#include "absl/status/status.h"

namespace tallyman::tally {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kDone;
    case absl::StatusCode::kUnknown:
      return ExitCode::kFailed;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ExitCode::kUsage;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kDenied;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return ExitCode::kConflict;
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kTimeout;
    case absl::StatusCode::kCancelled:
      return ExitCode::kInterrupted;
    default:
      return ExitCode::kUnavailable;
  }
}

std::string_view Describe(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
      return "done";
    case ExitCode::kFailed:
      return "the action failed, or --check found a deviation";
    case ExitCode::kUsage:
      return "wrong usage, or the server refuses the request as malformed";
    case ExitCode::kDenied:
      return "the token is missing, not valid or not allowed to do this";
    case ExitCode::kNotFound:
      return "no such stack, process, server, action or file";
    case ExitCode::kConflict:
      return "a conflict, or a precondition such as --current does not hold";
    case ExitCode::kUnavailable:
      return "no connection, too many requests, or an error of the server";
    case ExitCode::kTimeout:
      return "--timeout has passed; the action goes on";
    case ExitCode::kInterrupted:
      return "interrupted by Ctrl-C; the action goes on";
  }
  return "";
}

}  // namespace tallyman::tally
