// The file of --stacks_file.

#ifndef TALLYMAN_SERVER_LINUX_STACKS_FILE_H_
#define TALLYMAN_SERVER_LINUX_STACKS_FILE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "stacks/model/notice.h"
#include "stacks/model/registry.h"

namespace tallyman::server {

// Creates or replaces the stacks that the file at `path` defines, with
// instances on the server `server_uid`. A valid definition that conflicts with
// the present state is left out, with a notice. Other errors name the file or
// the stack; the stacks before that one stay applied.
absl::Status ApplyStacksFile(
    const std::string& path, stacks::Registry& registry,
    const std::string& server_uid,
    const std::function<void(const stacks::Notice&)>& notify);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_LINUX_STACKS_FILE_H_
