// Rotates one output file while a program writes to it: the implementation of
// OutputLogs::RotateIfLarge(), which documents the guarantees.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::stacks {

// Where the bytes of the file `path` are after a rotation.
std::string RotatedOutputPath(const std::string& path);

// Moves the bytes of the file to RotatedOutputPath() if it is larger than
// `max_bytes` (at least 4096). Returns whether it did; false if there is no
// file. Writes to `path`.tmp first. The caller excludes other rotations of the
// file. Locks `moving` while bytes are in both files: a reader that holds it
// reads each byte once. Under the same lock it calls `on_moved` with the number
// of bytes that are gone from the front of the file. Without `may_collapse` it
// truncates the file after the copy. Errors are those of the file system and
// name the file.
absl::StatusOr<bool> RotateOutputFile(
    const std::string& path, int64_t max_bytes, bool may_collapse,
    absl::Mutex& moving, absl::FunctionRef<void(int64_t)> on_moved);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_
