// Files that were built along with a program.

#ifndef TALLYMAN_TOOLS_BENCH_RUNFILES_H_
#define TALLYMAN_TOOLS_BENCH_RUNFILES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tallyman::bench {

// The path of a program: `path` itself if it is absolute, otherwise relative to
// where the user is, or among the runfiles of this program. `flag` is what gave
// it, for the error. To be called before there are threads.
absl::StatusOr<std::string> FindProgram(const std::string& path,
                                        std::string_view flag);

// Likewise of a file that is read.
absl::StatusOr<std::string> FindDataFile(const std::string& path);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_RUNFILES_H_
