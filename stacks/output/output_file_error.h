#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_ERROR_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace tallyman::stacks {

// The status of `error`, a value of errno, with the message: output file "PATH"
// PROBLEM. `problem` is for example "can't be opened". Thread-safe.
absl::Status OutputFileError(int error, std::string_view path,
                             std::string_view problem);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_FILE_ERROR_H_
