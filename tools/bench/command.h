// Runs a program until it ends.

#ifndef TALLYMAN_TOOLS_BENCH_COMMAND_H_
#define TALLYMAN_TOOLS_BENCH_COMMAND_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tallyman::bench {

struct CommandResult {
  // From before posix_spawn(3) until the program has ended.
  absl::Duration elapsed;
  int exit_code = 0;   // -1: ended by a signal.
  std::string output;  // Standard output and error; "" unless `with_output`.
};

// Runs `arguments`, which begin with the path of the program, in a process
// group of its own. Without `with_output` the output is discarded. Kills the
// program after `timeout` (DeadlineExceeded) and after an interruption
// (Cancelled, see interruption.h). Thread-safe.
absl::StatusOr<CommandResult> RunCommand(std::vector<std::string> arguments,
                                         bool with_output,
                                         absl::Duration timeout);

// The path of a program that a package of the system, or /usr/local, has
// installed; nullopt if there is none.
std::optional<std::string> FindInstalled(std::string_view name);

}  // namespace tallyman::bench

#endif  // TALLYMAN_TOOLS_BENCH_COMMAND_H_
