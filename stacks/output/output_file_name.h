// The names of output files: PROCESS.NUMBER.log in the directory of a stack.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_NAME_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_NAME_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "stacks/model/instance_key.h"

namespace tallyman::stacks {

// InvalidArgument if the uid of a stack can't name a directory.
absl::Status CheckOutputStackUid(std::string_view uid);

// InvalidArgument if a key can't name a file.
absl::Status CheckOutputKey(const InstanceKey& key);

// The name of the file that the program of `key`, a valid key, appends to.
std::string OutputFileName(const InstanceKey& key);

// The instance with that file; nullopt for other names, such as that of a
// rotated file.
std::optional<InstanceKey> OutputKeyOfFile(std::string_view stack_uid,
                                           std::string_view file_name);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_NAME_H_
