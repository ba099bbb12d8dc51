// The exit codes of tally, which scripts rely on.

#ifndef TALLYMAN_TALLY_CLI_EXIT_CODE_H_
#define TALLYMAN_TALLY_CLI_EXIT_CODE_H_

#include <string_view>

#include "absl/status/status.h"

namespace tallyman::tally {

enum class ExitCode {
  kDone = 0,         // Reading is always 0.
  kFailed = 1,       // The action failed; `--check` found a deviation.
  kUsage = 2,        // The command line, or a request the server refuses (400).
  kDenied = 3,       // 401 or 403.
  kNotFound = 4,     // 404, or a name that no stack or process has.
  kConflict = 5,     // 409 or 412: somebody else changed it meanwhile.
  kUnavailable = 6,  // No connection, 429, 5xx.
  kTimeout = 124,    // --timeout has passed; the action goes on.
  kInterrupted = 130  // Ctrl-C; the action goes on.
};

// The exit code of a command that ends with an error:
//
//   Unknown                              kFailed: the request was accepted,
//                                        and its result is a failure
//   InvalidArgument, OutOfRange          kUsage
//   Unauthenticated, PermissionDenied    kDenied
//   NotFound                             kNotFound
//   AlreadyExists, FailedPrecondition,
//   Aborted                              kConflict
//   DeadlineExceeded                     kTimeout
//   Cancelled                            kInterrupted
//   all others                           kUnavailable
ExitCode ExitCodeOf(const absl::Status& status);

// One line for help and man page.
std::string_view Describe(ExitCode code);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLI_EXIT_CODE_H_
