// Files that flags name.

#ifndef TALLYMAN_SERVER_LINUX_OPERATOR_FILE_H_
#define TALLYMAN_SERVER_LINUX_OPERATOR_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace tallyman::server {

// The whole content. The error of the system names the path.
absl::StatusOr<std::string> ReadOperatorFile(const std::string& path);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LINUX_OPERATOR_FILE_H_
