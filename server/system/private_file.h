// Small files that only the server's user may read.

#ifndef TALLYMAN_SERVER_SYSTEM_PRIVATE_FILE_H_
#define TALLYMAN_SERVER_SYSTEM_PRIVATE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tallyman::server {

// Paths are in UTF-8. Errors quote the path and have the code of the errno. No
// descriptor reaches a child process.

// The first 64 KiB. NotFound if there is no such file.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path);

// Writes a new file, with mode 0600, beside `path` (with ".tmp" at the end) and
// renames it: others see the old content or the new one. On Windows the access
// control list is that of the directory. Not synchronised with the disk: after
// a crash of the machine the content may be lost. Not for two threads at once.
absl::Status ReplacePrivateFile(const std::string& path,
                                std::string_view content);

// OK also if there is no such file.
absl::Status RemovePrivateFile(const std::string& path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_SYSTEM_PRIVATE_FILE_H_
