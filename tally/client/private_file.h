// Files with secrets, which belong to this user alone. Thread-safe.

#ifndef TALLYMAN_TALLY_CLIENT_PRIVATE_FILE_H_
#define TALLYMAN_TALLY_CLIENT_PRIVATE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::tally {

// The whole file of at most 1 MiB. NotFound if there is none, PermissionDenied
// if this user may not read it; FailedPrecondition unless the file is a regular
// one of this user, or of another one where this one is root, and without
// rights for others. Errors name the path and the remedy.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// Replaces the file, at once and with mode 0600, or leaves it as it was. Makes
// missing folders with mode 0700.
absl::Status WritePrivateFile(const std::string& path,
                              std::string_view content);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_PRIVATE_FILE_H_
