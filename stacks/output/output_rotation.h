// Rotates one output file under the hands of the program that writes it.
// output_log.h says what is promised; this is how it is done.

#ifndef TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_
#define TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace tallyman::stacks {

// The file with what was in `path` before.
std::string RotatedOutputPath(const std::string& path);

// Moves what is in the file to RotatedOutputPath() if it is larger than
// `max_bytes` (at least 4096); true if it did, false if it is not or if there
// is none. Uses `path`.tmp meanwhile. The caller keeps other rotations of the
// file away. `moving` is held while bytes are in both files; whoever holds it
// sees each byte once. Without `may_collapse` the file is cut after the copy.
absl::StatusOr<bool> RotateOutputFile(const std::string& path,
                                      int64_t max_bytes, bool may_collapse,
                                      absl::Mutex& moving);

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_OUTPUT_OUTPUT_ROTATION_H_
