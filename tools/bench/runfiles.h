// Files that were built along with this program.

#ifndef TALLYMAN_TOOLS_BENCH_RUNFILES_H_
#define TALLYMAN_TOOLS_BENCH_RUNFILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace tallyman::bench {

// The path of a readable file. Looks for a relative `path` in the current
// directory, in that of the user of `bazel run`, and among the runfiles of this
// program. NotFound if it is in none. To be called before there are threads.
absl::StatusOr<std::string> FindFile(const std::string& path);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_RUNFILES_H_
